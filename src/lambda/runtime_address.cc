#include "lambda/runtime_address.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace eider {

std::string RuntimeAddress::host_header() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<RuntimeAddress> ParseRuntimeAddress(std::string_view text) {
  RuntimeAddress address;
  const std::string_view origin = text.substr(0, text.find('/'));
  address.path = text.substr(origin.size());
  while (address.path.ends_with('/')) address.path.pop_back();
  const std::size_t colon = origin.rfind(':');
  const std::uint64_t port = colon == std::string_view::npos ? 0 : ParseUint(origin.substr(colon + 1)).value_or(0);
  address.host = origin.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!clean || address.host.empty() || port == 0 || port > 65535) {
    return Invalid(fmt::format("AWS_LAMBDA_RUNTIME_API is HOST:PORT of Lambda's runtime API, not '{}'", text),
                   "AWS_LAMBDA_RUNTIME_API");
  }
  address.port = std::to_string(port);
  return address;
}

}  // namespace eider
