#include "object/aws_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "object/aws_settings.h"
#include "object/s3_address.h"

namespace eider {

Result<AwsService> OpenAwsService(const std::string& service, StoreOptions options, RemoteClientOptions client) {
  std::string upper = service;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  options.endpoint.clear();
  options = FillInFromSystem(std::move(options), upper);
  if (options.endpoint.empty()) {
    options.endpoint = fmt::format("https://{}.{}.amazonaws.com{}", service, options.region,
                                   options.region.starts_with("cn-") ? ".cn" : "");
  }
  auto url = ParseHttpUrl(options.endpoint);
  if (!url) return Invalid("AWS_ENDPOINT_URL_" + upper + ": " + url.error().message, "endpoint");
  while (url->path.ends_with('/')) url->path.pop_back();
  auto origin = HttpOrigin::Make(
      {url->tls, url->host, url->port, options.ca_bundle, options.connect_timeout, options.first_byte_timeout, 1});
  if (!origin) return origin.error();
  std::unique_ptr<RequestSigner> signer;
  if (!options.anonymous) {
    auto made =
        RequestSigner::Make((*origin)->runtime(), {options.region, options.profile, options.ca_bundle, service});
    if (!made) return made.error();
    signer = *std::move(made);
  }
  AwsService opened;
  opened.base = url->path;
  opened.host = (*origin)->host_header();
  client.store = opened.host;
  opened.client = std::make_unique<RemoteClient>(*std::move(origin), std::move(signer), std::move(client));
  return opened;
}

}  // namespace eider
