// Serves one client: request after request, until either side has had enough.
#pragma once

#include <memory>

#include "server/asio_types.h"

namespace eider {

class Connection;

Awaitable<void> Serve(std::shared_ptr<Connection> connection);

// For one connection too many: 503 and close, without reading a request.
Awaitable<void> TurnAway(std::shared_ptr<Connection> connection);

}  // namespace eider
