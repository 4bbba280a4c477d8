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
    if (waiting_.empty()) {
      changed_.wait(lock);
    } else if (const auto first = waiting_.begin(); SystemSteadyClock()() >= first->first.first) {
      // Under the lock, so that a Guard's destructor waits for a call that is under way. `late` must not block.
      const auto late = std::move(first->second);
      waiting_.erase(first);
      late();
    } else {
      changed_.wait_until(lock, SteadyTime(first->first.first));
    }
  }
}

Watchdog::Guard::Guard(Watchdog& watchdog, SteadyTime deadline, std::function<void()> late) : watchdog_(watchdog) {
  {
    const std::lock_guard lock(watchdog_.mutex_);
    entry_ = {deadline, watchdog_.next_id_++};
    watchdog_.waiting_.emplace(entry_, std::move(late));
  }
  watchdog_.changed_.notify_all();
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.waiting_.erase(entry_);
}

}  // namespace eider
