// What went wrong below HTTP: name resolution, connecting, TLS, credentials, a connection that broke.
#pragma once

#include <string>

#include "object/remote_operation.h"
#include "object/retry.h"

namespace eider {

// `outcome` is kFailed or kStalled; `origin` is "host:port" and `action` completes "Cannot …".
Failure TransportFailure(const HttpOutcome& outcome, const std::string& origin, const std::string& action);

}  // namespace eider
