#include "api/reply_slot.h"

namespace eider {

ReplySlot::ReplySlot(std::function<void()> wake) : wake_(std::move(wake)) {}

Reply ReplySlot::MakeReply(const std::shared_ptr<ReplySlot>& slot, std::string request_id) {
  struct LastResort {
    std::shared_ptr<ReplySlot> slot;
    std::string request_id;
    ~LastResort() { slot->Put(Problem(Internal("The request was not answered."), request_id)); }
  };
  auto last_resort = std::make_shared<LastResort>(slot, std::move(request_id));
  return [last_resort](Response response) { last_resort->slot->Put(std::move(response)); };
}

std::optional<Response> ReplySlot::Take() {
  const std::lock_guard lock(mutex_);
  std::optional<Response> taken;
  taken.swap(response_);
  return taken;
}

void ReplySlot::Abandon() {
  std::optional<Response> dropped;  // destroyed outside the lock: a body may do much when its reader leaves
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(response_);
}

void ReplySlot::Put(Response response) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    response_ = std::move(response);
  }
  wake_();
}

}  // namespace eider
