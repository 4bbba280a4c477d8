#include "object/s3_address.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace eider {
namespace {

bool IsBucketName(std::string_view name) {
  // Wider than AWS's rule for new buckets: old ones and other servers have capitals and underscores.
  return name.size() >= 3 && name.size() <= 255 && name != ".." && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

// A certificate's wildcard covers one label, and a host name has no capitals or underscores.
bool FitsHostName(std::string_view bucket) {
  return std::ranges::all_of(bucket,
                             [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string AwsHost(const std::string& region) {
  return fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

bool IsHost(std::string_view host) {
  if (host.empty()) return false;
  if (host.front() == '[') {
    return host.size() > 2 && host.back() == ']' &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

}  // namespace

bool HttpUrl::loopback() const {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

Result<HttpUrl> ParseHttpUrl(std::string_view url) {
  HttpUrl parsed;
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
    parsed.tls = false;
    parsed.port = 80;
  } else {
    return Invalid("An address must begin with https:// or http://.");
  }
  if (url.find_first_of("?#") != std::string_view::npos)
    return Invalid("An address cannot have a query or a fragment.");
  const auto slash = url.find('/');
  std::string_view authority = url.substr(0, slash);
  if (slash != std::string_view::npos) parsed.path = url.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    return Invalid("An address cannot carry a user name or password. Use AWS's credentials.");
  }
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const auto port = ParseUint(authority.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return Invalid("The port of an address must be a number up to 65535.");
    parsed.port = static_cast<std::uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (!IsHost(authority)) return Invalid("An address must name a host.");
  parsed.host = authority;
  return parsed;
}

Result<S3Address> MakeS3Address(std::string_view root, const StoreOptions& options) {
  S3Address address;
  root.remove_prefix(std::min<std::size_t>(root.size(), 5));  // s3://
  const auto slash = root.find('/');
  address.bucket = root.substr(0, slash);
  if (!IsBucketName(address.bucket)) {
    return Invalid(
        "The lake's root names no proper bucket: s3://bucket/prefix, with 3 or more letters, digits, '.', '-' "
        "or '_'.");
  }
  if (slash != std::string_view::npos) {
    address.prefix = root.substr(slash + 1);
    while (address.prefix.ends_with('/')) address.prefix.pop_back();
    if (!address.prefix.empty()) {
      if (auto valid = CheckKey(address.prefix); !valid.ok()) return valid.error();
      address.prefix += '/';
    }
  }

  HttpUrl endpoint;
  const bool aws = options.endpoint.empty();
  if (aws) {
    if (!IsHost(options.region)) return Invalid("The region is not a name like eu-west-1.", "region");
    endpoint.host = AwsHost(options.region);
  } else {
    auto parsed = ParseHttpUrl(options.endpoint);
    if (!parsed.ok()) return Invalid("endpoint: " + parsed.error().message, "endpoint");
    if (parsed->path.size() > 1) return Invalid("The endpoint cannot have a path.", "endpoint");
    endpoint = *parsed;
  }
  const bool path_style = options.path_style.value_or(!aws || !FitsHostName(address.bucket));
  address.tls = endpoint.tls;
  address.port = endpoint.port;
  address.host = path_style ? endpoint.host : address.bucket + "." + endpoint.host;
  if (path_style) address.base = "/" + address.bucket;
  return address;
}

std::string S3Address::name() const {
  if (prefix.empty()) return "s3://" + bucket;
  return "s3://" + bucket + "/" + prefix.substr(0, prefix.size() - 1);
}

std::string S3Address::Target(const std::string& key) const { return base + "/" + PercentEncode(prefix + key, true); }

std::string S3Address::CopySource(const std::string& key) const {
  return "/" + bucket + "/" + PercentEncode(prefix + key, true);
}

std::string S3Address::ListTarget(const ListRequest& request) const {
  std::string target = base.empty() ? "/?" : base + "?";
  if (!request.continuation.empty()) target += "continuation-token=" + PercentEncode(request.continuation, false) + "&";
  if (!request.recursive) target += "delimiter=%2F&";
  target += fmt::format("encoding-type=url&list-type=2&max-keys={}", request.max_keys);
  const std::string below = prefix + request.prefix;
  if (!below.empty()) target += "&prefix=" + PercentEncode(below, false);
  return target;
}

std::string S3Address::UploadsTarget(const std::string& after_key, const std::string& after_id) const {
  std::string target = (base.empty() ? "/?" : base + "?") + "encoding-type=url&";
  if (!after_key.empty()) target += "key-marker=" + PercentEncode(after_key, false) + "&";
  // Not by prefix: MinIO takes that for a whole key. Those of other folders are left out when the answer is read.
  if (!after_id.empty()) target += "upload-id-marker=" + PercentEncode(after_id, false) + "&";
  return target + "uploads=";
}

}  // namespace eider
