// Writes one Response to a connection, whatever its body does.
#pragma once

#include <cstdint>
#include <string>

#include "server/asio_types.h"
#include "server/response_head.h"

namespace eider {

class Connection;

enum class Outcome : std::uint8_t {
  kComplete,    // the client's kernel has, or will have, all of it
  kCut,         // stalled, or not waited for by Stop
  kClientLeft,  // before the end
  kError,       // the body failed after its first byte
};

std::string_view OutcomeName(Outcome outcome);

struct Sent {
  Outcome outcome = Outcome::kComplete;
  int status = 0;  // as sent: a body that fails before its first byte becomes a problem
  std::uint64_t body_bytes = 0;
  bool keep_alive = false;  // the connection may carry another request
};

// `response`, `client` and `id` must live until the coroutine ends. The body is destroyed by then. After an outcome
// other than kComplete the connection is closed, and reset where a client could take the part for the whole.
Awaitable<Sent> SendResponse(Connection& connection, Response& response, const Client& client, const std::string& id);

}  // namespace eider
