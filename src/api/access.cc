#include "api/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "base/text.h"

namespace eider {
namespace {

constexpr std::string_view kBearer = "bearer";

// The key of `Authorization: Bearer KEY`; nullopt for another scheme.
std::optional<std::string_view> BearerOf(std::string_view authorization) {
  if (ToLower(authorization.substr(0, kBearer.size())) != kBearer) return std::nullopt;
  authorization.remove_prefix(kBearer.size());
  if (!authorization.empty() && authorization.front() != ' ') return std::nullopt;
  return Trim(authorization);
}

std::vector<std::string_view> KeysOf(const Request& request) {
  std::vector<std::string_view> keys;
  for (const Header& header : request.headers) {
    const std::string name = ToLower(header.name);
    if (name == "x-api-key") keys.push_back(Trim(header.value));
    if (name != "authorization") continue;
    if (const auto key = BearerOf(Trim(header.value))) keys.push_back(*key);
  }
  return keys;
}

std::shared_ptr<Caller> CallerOf(const ApiKey& key, const ClientLimits& limits) {
  auto caller = std::make_shared<Caller>();
  caller->name = key.name;
  caller->key_id = KeyId(key);
  caller->with_key = true;
  caller->datasets = key.datasets;
  caller->limits = Changed(limits, key.limits);
  return caller;
}

}  // namespace

Access::Access(AccessConfig config, std::shared_ptr<KeyRing> keys, const AccessOptions& options)
    : config_(std::move(config)),
      keys_(keys ? std::move(keys) : *KeyRing::Open(config_.keys)),
      key_limits_(Changed(options.limits, config_.key_limits)),
      everything_(options.everything),
      anonymous_(options.anonymous || everything_) {
  auto nobody = std::make_shared<Caller>();
  nobody->with_key = everything_;
  nobody->limited = !everything_;
  if (!everything_) nobody->limits = Changed(options.limits, config_.anonymous_limits);
  nobody_ = std::move(nobody);
  auto authorised = std::make_shared<Caller>();
  authorised->name = "iam";
  authorised->with_key = true;
  authorised->limits = key_limits_;
  authorised_ = std::move(authorised);
}

Access::Verdict Access::Identify(const Request& request, WallTime now) const {
  const auto secrets = KeysOf(request);
  if (everything_) return {nobody_, {}};
  if (secrets.empty()) return {request.authorised ? authorised_ : nobody_, {}};
  if (secrets.size() > 1) {
    return {nullptr, Deny(request, 400, "several_keys", "the request has more than one API key; send one, once")};
  }
  const auto found = keys_->Find(secrets.front());
  if (!found) return {nullptr, Problem(found.error(), request.id)};
  if (!*found) return {nullptr, RefuseKey(request, "unknown_key", "this API key is not known")};
  const ApiKey& key = **found;
  if (key.expires && *key.expires <= now) {
    Request named = request;
    named.caller = CallerOf(key, key_limits_);
    return {nullptr, RefuseKey(named, "expired_key", fmt::format("this API key expired at {}", Rfc3339(*key.expires)))};
  }
  return {CallerOf(key, key_limits_), {}};
}

// RFC 6750 section 3.1.
Response Access::RefuseKey(const Request& request, std::string_view reason, std::string_view detail) const {
  Response response = Deny(request, 401, reason, detail);
  response.Set("WWW-Authenticate",
               fmt::format("Bearer realm=\"eider\", error=\"invalid_token\", error_description=\"{}\"", detail));
  return response;
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
  std::vector<std::string> exposed;
  for (const Header& header : response.headers) exposed.push_back(header.name);
  response.Set("Access-Control-Allow-Origin", std::string(request.Find("Origin")));
  // A 304 updates the headers of what the browser has kept, which are more (RFC 9111 section 4.3.4).
  if (response.status != 304) response.Set("Access-Control-Expose-Headers", Join(exposed, ", "));
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

void LogDenied(const Request& request, int status, std::string_view reason) {
  const Caller nobody;
  const Caller& caller = request.caller ? *request.caller : nobody;
  Log(LogLevel::kWarn, "denied",
      {{"id", std::string_view(request.id)},
       {"reason", reason},
       {"status", std::int64_t{status}},
       {"principal", std::string_view(caller.name)},
       {"key", std::string_view(caller.key_id)},
       {"method", std::string_view(request.method)},
       {"path", std::string_view(request.path)},
       {"peer", std::string_view(request.peer)}});
}

Response Deny(const Request& request, int status, std::string_view reason, std::string_view detail) {
  LogDenied(request, status, reason);
  Response response = Problem(status, StatusTitle(status), detail, "", request.id);
  if (status == 401) response.Set("WWW-Authenticate", "Bearer realm=\"eider\"");
  return response;
}

Response DenyDataset(const Request& request, const std::string& dataset) {
  if (!request.caller->with_key) {
    return Deny(request, 401, "key_needed",
                fmt::format("'{}' is for holders of an API key; send it as Authorization: Bearer KEY", dataset));
  }
  return Deny(request, 403, "dataset_not_allowed",
              fmt::format("this API key does not open '{}'; it opens: {}", dataset,
                          Join(request.caller->datasets.value_or(std::vector<std::string>()), ", ")));
}

}  // namespace eider
