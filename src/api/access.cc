#include "api/access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace eider {
namespace {

constexpr std::string_view kBearer = "bearer ";

std::string_view KeyOf(const Request& request) {
  const std::string_view authorization = request.Find("Authorization");
  if (ToLower(authorization.substr(0, kBearer.size())) == kBearer) return Trim(authorization.substr(kBearer.size()));
  return Trim(request.Find("X-Api-Key"));
}

}  // namespace

std::optional<std::string> Access::Principal(const Request& request) const {
  const std::string_view key = KeyOf(request);
  if (key.empty()) return std::string();
  const std::string digest = Sha256Hex(key);
  std::optional<std::string> principal;
  for (const ApiKey& known : config_.keys) {  // all of them, in constant time each: the time says nothing of a key
    if (known.sha256.size() == digest.size() && CRYPTO_memcmp(known.sha256.data(), digest.data(), digest.size()) == 0) {
      principal = known.name;
    }
  }
  return principal;
}

Response Access::Refuse(const Request& request, std::string_view why) {
  Response response = Problem(401, StatusTitle(401), why, "", request.id);
  response.Set("WWW-Authenticate", "Bearer realm=\"eider\"");
  return response;
}

Response Access::RefuseKeyless(const Request& request, std::string_view dataset) {
  return Refuse(request,
                fmt::format("'{}' is for holders of an API key; send it as Authorization: Bearer KEY", dataset));
}

bool Access::Allows(std::string_view origin) const {
  const auto& origins = config_.cors_origins;
  return !origin.empty() && std::any_of(origins.begin(), origins.end(), [&](const std::string& allowed) {
    return allowed == "*" || allowed == origin;
  });
}

void Access::AddCors(const Request& request, Response& response) const {
  if (config_.cors_origins.empty()) return;
  const std::string vary(response.Find("Vary"));
  response.Set("Vary", vary.empty() ? "Origin" : vary + ", Origin");
  if (!Allows(request.Find("Origin"))) return;
  response.Set("Access-Control-Allow-Origin", std::string(request.Find("Origin")));
  response.Set(
      "Access-Control-Expose-Headers",
      "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Range, Eider-Null, Eider-Request-Id, ETag, "
      "Link, Retry-After, X-Cache");
}

std::optional<Response> Access::Preflight(const Request& request) const {
  if (request.method != "OPTIONS" || !Allows(request.Find("Origin")) ||
      request.Find("Access-Control-Request-Method").empty()) {
    return std::nullopt;
  }
  Response response;
  response.status = 204;
  response.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE");
  response.Set("Access-Control-Allow-Headers",
               "Accept, Authorization, Content-Type, If-None-Match, If-Range, Range, X-Api-Key");
  response.Set("Access-Control-Max-Age", "3600");
  return response;
}

}  // namespace eider
