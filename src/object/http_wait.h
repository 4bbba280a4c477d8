// Runs one exchange while the calling thread waits: the body is handed over on the caller's thread, so a slow receiver
// holds up nobody else, and never more than HttpOrigin::kWindowBytes of it are in memory.
#pragma once

#include <chrono>
#include <span>

#include "object/http_exchange.h"
#include "object/object_store.h"

namespace eider {

class HttpReceiver {
 public:
  virtual ~HttpReceiver() = default;
  // False ends the exchange: the rest is not wanted.
  virtual bool OnHead(const HttpHead& head) = 0;
  virtual bool OnBody(std::span<const char> bytes) = 0;
};

enum class HttpEnd : std::uint8_t {
  kComplete,
  kFailed,     // `aws_error` says why
  kStalled,    // no byte moved for too long
  kStopped,    // by the receiver
  kCancelled,  // by the call's stop token
  kTimedOut,   // by the call's deadline
};

struct HttpOutcome {
  HttpEnd end = HttpEnd::kComplete;
  int aws_error = 0;
  bool sent = false;  // the server may have acted on the request
};

HttpOutcome RunExchange(HttpOrigin& origin, RequestSigner* signer, const HttpRequest& request, HttpReceiver& receiver,
                        const Call& call);

}  // namespace eider
