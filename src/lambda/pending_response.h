// PendingResponse: asks a Handler on behalf of one invocation and waits for what it says, on the calling thread: until
// the invocation's work must end (kTimeout), or the process (kCancelled), whereupon the client has left.
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

#include "api/http.h"
#include "lambda/runtime_api.h"

namespace eider {

// Chunks stay small: of a service whose chunks grew over 6 MB Lambda lost rows.
inline constexpr std::size_t kChunkBytes = 64 * 1024;

class PendingResponse {
 public:
  // Both must outlive this.
  PendingResponse(Handler& handler, const LambdaInvocation& invocation, int stop_fd)
      : handler_(handler), invocation_(invocation), stop_fd_(stop_fd) {}

  // Makes the request the invocation's, by its id.
  Result<Response> Ask(Request request);

  // Hands over the body, or the text, in pieces of at most kChunkBytes, until `take` answers false, which is no error;
  // a later call goes on behind it. An error is the body's, or one of the above.
  Status Drain(Response& response, const std::function<bool(std::string_view)>& take);

  bool stopped() const { return stopped_; }

 private:
  Status Wait();
  Status MayGoOn();
  Status Judge(Ready ready);

  Handler& handler_;
  const LambdaInvocation& invocation_;
  const int stop_fd_;
  Wakeup wakeup_;
  bool stopped_ = false;
};

}  // namespace eider
