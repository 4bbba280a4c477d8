// For tests: a RangeScheduler whose GETs and whose clock are the test's.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "lake/scripted_gets.h"

namespace eider {

class RangeSchedulerTest : public testing::Test {
 protected:
  void Make(int max_requests = 128, std::uint64_t max_bytes = 64 << 20) {
    RangeSchedulerOptions options;
    options.max_requests = max_requests;
    options.max_bytes = max_bytes;
    options.clock = [this] { return SteadyTime(std::chrono::milliseconds(now_ms_ += tick_ms_)); };
    scheduler_ = std::make_unique<RangeScheduler>(gets_.function(), options);
    queue_ = scheduler_->NewQueue();
  }

  std::shared_ptr<ScheduledRange> Add(std::uint64_t offset, std::uint64_t length = 10, ScanPosition position = 0) {
    return queue_->Add(object_, offset, length, position);
  }

  static std::string Outcome(const Status& status) {
    return status.ok() ? "ok" : std::string(ErrorKindName(status.error().kind));
  }
  static std::string Bytes(ScheduledRange& range) {
    std::string bytes(range.length(), '?');
    return range.Read(0, bytes, {}) ? bytes : "none";
  }

  // Of a reader that stays for one look at the range.
  std::string ShortWait(ScheduledRange& range) {
    tick_ms_ = 1;
    Call call;
    call.deadline = SteadyTime(std::chrono::milliseconds(now_ms_ + 3));  // one more look tells when the wait began
    const std::string outcome = Outcome(range.Wait(call));
    tick_ms_ = 0;
    return outcome;
  }

  // Completes `count` requests of 10 bytes that took 30 ms each: what lateness is measured by.
  void Practise(int count) {
    for (int i = 0; i < count; ++i) {
      const auto range = Add(0);
      now_ms_ += 30;
      gets_.Complete(gets_.started() - 1);
    }
  }

  const ObjectInfo object_{"a.parquet", 1 << 30, "e1", {}};
  std::atomic<std::int64_t> now_ms_{1'000'000};
  std::atomic<std::int64_t> tick_ms_{0};  // passes at each look at the clock
  ScriptedGets gets_;
  std::unique_ptr<RangeScheduler> scheduler_;
  std::shared_ptr<RangeScheduler::Queue> queue_;
};

}  // namespace eider
