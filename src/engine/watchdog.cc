#include "engine/watchdog.h"

namespace eider {

Watchdog::Watchdog() : thread_([this] { Loop(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto first = waiting_.begin();
    if (first != waiting_.end() && SystemSteadyClock()() >= first->first.first) {
      // Under the lock, so that a Guard's destructor waits for a call that is under way. `late` must not block.
      const auto late = std::move(first->second);
      waiting_.erase(first);
      late();
      continue;
    }
    asleep_until_ = first == waiting_.end() ? SteadyTime::max() : first->first.first;
    changed_.wait_until(lock, SteadyTime(asleep_until_));
    asleep_until_ = SteadyTime::min();
  }
}

Watchdog::Guard::Guard(Watchdog& watchdog, SteadyTime deadline, std::function<void()> late) : watchdog_(watchdog) {
  const std::lock_guard lock(watchdog_.mutex_);
  entry_ = {deadline, watchdog_.next_id_++};
  watchdog_.waiting_.emplace(entry_, std::move(late));
  if (deadline < watchdog_.asleep_until_) watchdog_.changed_.notify_all();
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.waiting_.erase(entry_);
}

}  // namespace eider
