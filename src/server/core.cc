#include "server/core.h"

#include "server/connection.h"

namespace eider {

void ConnectionSet::Add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  open_.emplace(connection.get(), connection);
  if (draining_) connection->Drain();
}

void ConnectionSet::Remove(Connection* connection) {
  std::function<void()> on_empty;
  {
    const std::lock_guard lock(mutex_);
    open_.erase(connection);
    if (open_.empty()) on_empty.swap(on_empty_);
  }
  if (on_empty) on_empty();
}

std::size_t ConnectionSet::size() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::Locked() const {
  std::vector<std::shared_ptr<Connection>> out;
  for (const auto& [key, weak] : open_) {
    if (auto connection = weak.lock()) out.push_back(std::move(connection));
  }
  return out;
}

void ConnectionSet::Drain(std::function<void()> on_empty) {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& connection : Locked()) connection->Drain();
    if (!open_.empty()) on_empty_.swap(on_empty);
  }
  if (on_empty) on_empty();
}

void ConnectionSet::CutAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& connection : Locked()) connection->Cut();
}

}  // namespace eider
