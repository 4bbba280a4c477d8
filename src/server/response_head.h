// The head of a response as bytes, and the choice of how its body is framed. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"

namespace eider {

enum class Framing : std::uint8_t {
  kNone,     // the status or the method has no body
  kLength,   // Content-Length
  kChunked,  // Transfer-Encoding: chunked, the only one with trailers
  kClose,    // HTTP/1.0: up to the end of the connection
};

// What the request says about how to answer it.
struct Client {
  bool http_1_0 = false;
  bool is_head = false;
  bool keep_alive = false;
};

struct ResponsePlan {
  Framing framing = Framing::kNone;
  std::optional<std::uint64_t> length;  // for Content-Length, also of a HEAD
  bool trailers = false;
  bool keep_alive = false;
  bool http_1_0 = false;
};

ResponsePlan PlanResponse(const Response& response, const Client& client);

// From the status line to the empty line. Adds Date, Server, Eider-Request-Id and what the plan says; headers of the
// response that belong to the transport are dropped, and a CR, LF or NUL in a name or value becomes a space.
std::string ResponseHead(const Response& response, const ResponsePlan& plan, std::string_view date,
                         std::string_view request_id);

// The end of a chunked body: last chunk, trailers, empty line.
std::string ChunkedEnd(const std::vector<Header>& trailers);

}  // namespace eider
