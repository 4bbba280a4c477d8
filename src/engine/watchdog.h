// Calls something at a deadline unless it is called off first. One thread for all deadlines of the process.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace eider {

class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // A deadline that is called off when this is destroyed; after that `late` neither runs nor will run.
  class Guard {
   public:
    Guard(Watchdog& watchdog, SteadyTime deadline, std::function<void()> late);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    using Entry = std::pair<SteadyTime, std::uint64_t>;
    Watchdog& watchdog_;
    Entry entry_;
  };

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<SteadyTime, std::uint64_t>, std::function<void()>> waiting_;
  // Until when the thread sleeps unless it is woken; the past while it does not. It sleeps on when a deadline is called
  // off, as nearly all are: the next one is later, and to be woken for each query would cost that query its time.
  SteadyTime asleep_until_ = SteadyTime::min();
  std::uint64_t next_id_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace eider
