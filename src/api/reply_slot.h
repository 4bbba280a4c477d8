// ReplySlot: where a handler's Reply, on any thread, meets the transport that waits for it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/http.h"

namespace eider {

class ReplySlot {
 public:
  explicit ReplySlot(std::function<void()> wake);

  // A Reply that fills `slot`. Only its first call counts; when all copies are gone without a call the slot is
  // filled with a 500, so that a handler that forgets cannot hold a connection for ever.
  static Reply MakeReply(const std::shared_ptr<ReplySlot>& slot, std::string request_id);

  // The response, once it is there.
  std::optional<Response> Take();

  // Nobody waits any more: what comes is destroyed, which tells its body so.
  void Abandon();

 private:
  void Put(Response response);

  std::mutex mutex_;
  bool closed_ = false;  // filled or abandoned
  std::optional<Response> response_;
  const std::function<void()> wake_;
};

}  // namespace eider
