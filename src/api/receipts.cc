#include "api/receipts.h"

namespace eider {

void Receipts::Put(const std::string& request_id, Receipt receipt) {
  const std::lock_guard lock(mutex_);
  const bool known = receipts_.contains(request_id);
  receipts_[request_id] = std::move(receipt);
  if (known) return;
  order_.push_back(request_id);
  if (order_.size() > kept_) {
    receipts_.erase(order_.front());
    order_.pop_front();
  }
}

std::optional<Receipt> Receipts::Find(const std::string& request_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = receipts_.find(request_id);
  return found == receipts_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace eider
