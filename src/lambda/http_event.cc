#include "lambda/http_event.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/digest.h"
#include "base/text.h"

namespace eider {
namespace {

namespace json = boost::json;

const json::object* ObjectAt(const json::object& event, std::string_view name) {
  const json::value* found = event.if_contains({name.data(), name.size()});
  return found != nullptr && found->is_object() ? &found->get_object() : nullptr;
}

// "" when it is not there, or null.
Result<std::string> TextOf(const json::object& event, std::string_view name) {
  const json::value* found = event.if_contains({name.data(), name.size()});
  if (found == nullptr || found->is_null()) return std::string();
  if (!found->is_string()) return Invalid(fmt::format("'{}' of the event is no text", name));
  return std::string(found->get_string());
}

std::string TextOr(const json::object* event, std::string_view name) {
  if (event == nullptr) return {};
  auto text = TextOf(*event, name);
  return text ? *std::move(text) : std::string();
}

// Calls `take(name, value)` for each text of a map such as {"a": "1"} or {"a": ["1", "2"]}, lists before single values.
template <class Take>
Status ForEach(const json::object& event, const char* lists, const char* singles, const Take& take) {
  const bool listed = ObjectAt(event, lists) != nullptr;
  const char* name = listed ? lists : singles;
  const json::value* map = event.if_contains(name);
  if (map == nullptr || map->is_null()) return {};
  const Error wrong = Invalid(fmt::format("'{}' of the event is no map of texts", name));
  if (!map->is_object()) return wrong;
  for (const auto& [key, value] : map->get_object()) {
    if (value.is_string() && !listed) {
      take(std::string(key), std::string(value.get_string()));
    } else if (value.is_array() && listed) {
      for (const json::value& one : value.get_array()) {
        if (!one.is_string()) return wrong;
        take(std::string(key), std::string(one.get_string()));
      }
    } else if (!value.is_null()) {
      return wrong;
    }
  }
  return {};
}

Status TakeHeaders(const json::object& event, Request& request) {
  return ForEach(event, "multiValueHeaders", "headers", [&](std::string name, std::string value) {
    request.headers.push_back({std::move(name), std::move(value)});
  });
}

Status TakeBody(const json::object& event, HttpEvent& parsed) {
  auto body = TextOf(event, "body");
  if (!body) return body.error();
  const json::value* coded = event.if_contains("isBase64Encoded");
  if (coded != nullptr && coded->is_bool() && coded->get_bool()) {
    auto bytes = Base64Decode(*body);
    if (!bytes) return Invalid("'body' of the event is not Base64, as 'isBase64Encoded' says");
    body = *std::move(bytes);
  }
  parsed.body_too_long = body->size() > kMaxHttpBodyBytes;
  if (!parsed.body_too_long) parsed.request.body = *std::move(body);
  return {};
}

Status CheckTarget(const Request& request) {
  if (request.method.empty()) return Invalid("the event has no HTTP method");
  if (!request.path.starts_with('/')) {
    return Invalid(fmt::format("the event's path does not begin with '/': '{}'", request.path.substr(0, 200)));
  }
  return {};
}

// An API with a named stage has it before the path, unless it is reached by a domain of its own.
std::string WithoutStage(std::string path, const json::object& context) {
  const std::string name = TextOr(&context, "stage");
  if (name.empty() || TextOr(&context, "domainName").find(".execute-api.") == std::string::npos) return path;
  const std::string stage = "/" + name;
  if (path == stage) return "/";
  if (path.starts_with(stage + "/")) path.erase(0, stage.size());
  return path;
}

Result<HttpEvent> ParseFormat2(const json::object& event, const json::object& context, const json::object& http) {
  HttpEvent parsed;
  const bool url = TextOr(&context, "domainName").find(".lambda-url.") != std::string::npos;
  parsed.door = url ? HttpDoor::kFunctionUrl : HttpDoor::kHttpApi;
  Request& request = parsed.request;
  request.method = TextOr(&http, "method");
  auto path = TextOf(event, "rawPath");
  if (!path) return path.error();
  request.path = WithoutStage(*std::move(path), context);
  auto query = TextOf(event, "rawQueryString");
  if (!query) return query.error();
  request.query = *std::move(query);
  request.peer = TextOr(&http, "sourceIp");
  if (auto status = CheckTarget(request); !status) return status.error();
  if (auto status = TakeHeaders(event, request); !status) return status.error();
  if (auto status = TakeBody(event, parsed); !status) return status.error();
  return parsed;
}

// A load balancer writes its client at the end of what the client may have written.
std::string LastForwarded(const Request& request) {
  const std::vector<std::string> hops = Split(request.Find("X-Forwarded-For"), ',');
  return hops.empty() ? std::string() : std::string(Trim(hops.back()));
}

Result<HttpEvent> ParseFormat1(const json::object& event, const json::object& context) {
  HttpEvent parsed;
  const bool balancer = ObjectAt(context, "elb") != nullptr;
  parsed.door = balancer ? HttpDoor::kLoadBalancer : HttpDoor::kRestApi;
  parsed.multi_value = ObjectAt(event, "multiValueHeaders") != nullptr;
  Request& request = parsed.request;
  request.method = TextOr(&event, "httpMethod");
  auto path = TextOf(event, "path");
  if (!path) return path.error();
  request.path = *std::move(path);
  if (auto status = CheckTarget(request); !status) return status.error();
  // API Gateway has decoded them, a load balancer leaves them as they came.
  const auto coded = [balancer](const std::string& text) { return balancer ? text : PercentEncode(text, false); };
  auto status = ForEach(event, "multiValueQueryStringParameters", "queryStringParameters",
                        [&](const std::string& name, const std::string& value) {
                          request.query +=
                              fmt::format("{}{}={}", request.query.empty() ? "" : "&", coded(name), coded(value));
                        });
  if (!status) return status.error();
  if (status = TakeHeaders(event, request); !status) return status.error();
  if (status = TakeBody(event, parsed); !status) return status.error();
  request.peer = balancer ? LastForwarded(request) : TextOr(ObjectAt(context, "identity"), "sourceIp");
  return parsed;
}

}  // namespace

bool LooksLikeHttp(const json::object& event) {
  const json::object* context = ObjectAt(event, "requestContext");
  return context != nullptr && (context->contains("http") || event.contains("httpMethod"));
}

Result<HttpEvent> ParseHttpEvent(const json::object& event) {
  const json::object* context = ObjectAt(event, "requestContext");
  if (context == nullptr) return Invalid("the event has no 'requestContext'");
  if (const json::object* http = ObjectAt(*context, "http")) return ParseFormat2(event, *context, *http);
  if (context->contains("http")) return Invalid("'requestContext.http' of the event is no object");
  return ParseFormat1(event, *context);
}

}  // namespace eider
