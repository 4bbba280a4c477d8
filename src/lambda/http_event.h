// HTTP requests as Lambda's front doors put them into events, and which door that was. Pure functions.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>

#include "api/http.h"

namespace eider {

enum class HttpDoor : std::uint8_t {
  kFunctionUrl,   // payload format 2.0
  kHttpApi,       // API Gateway's HTTP API, the same format
  kRestApi,       // API Gateway's REST API, format 1.0, which HTTP APIs can be told to speak
  kLoadBalancer,  // an Application Load Balancer, nearly format 1.0
};

struct HttpEvent {
  HttpDoor door = HttpDoor::kFunctionUrl;
  bool multi_value = false;    // kLoadBalancer: told to speak of headers as lists
  bool body_too_long = false;  // then it is not there, and 413 is the answer, as it is the server's
  Request request;             // without id
};

inline constexpr std::size_t kMaxHttpBodyBytes = 1 << 20;

bool LooksLikeHttp(const boost::json::object& event);

// kInvalid names the member that is missing or of another type than AWS documents.
Result<HttpEvent> ParseHttpEvent(const boost::json::object& event);

}  // namespace eider
