#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "lake/range_scheduler.h"
#include "lake/scripted_gets.h"

namespace eider {
namespace {

class RangeSchedulerStatsTest : public testing::Test {
 protected:
  static RangeSchedulerOptions Options(std::atomic<std::int64_t>& now_ms) {
    RangeSchedulerOptions options;
    options.clock = [&now_ms] { return SteadyTime(std::chrono::milliseconds(now_ms)); };
    return options;
  }

  const ObjectInfo object_{"a.parquet", 1 << 30, "e1", {}};
  std::atomic<std::int64_t> now_ms_{1'000'000};
  ScriptedGets gets_;
  RangeScheduler scheduler_{gets_.function(), Options(now_ms_)};
  const std::shared_ptr<RangeScheduler::Queue> queue_ = scheduler_.NewQueue();
};

TEST_F(RangeSchedulerStatsTest, AWaitIsCountedWithItsTimeAndNoReadyRangeIs) {
  const auto range = queue_->Add(object_, 0, 10, 0);
  std::thread reader([&] { EXPECT_TRUE(range->Wait({}).ok()); });
  while (scheduler_.stats().waits == 0) std::this_thread::yield();
  now_ms_ += 250;
  gets_.Complete(0);
  reader.join();
  EXPECT_TRUE(range->Wait({}).ok());
  EXPECT_EQ(scheduler_.stats().waits, 1u);
  EXPECT_EQ(scheduler_.stats().waited, std::chrono::milliseconds(250));
}

TEST_F(RangeSchedulerStatsTest, BytesAreCountedAsTheyArriveBeforeTheirRangeIsWhole) {
  const auto range = queue_->Add(object_, 0, 10, 0);
  gets_.Feed(0, ExpectedBytes(0, 9));
  EXPECT_EQ(scheduler_.stats().bytes, 9u);
  gets_.Feed(0, ExpectedBytes(9, 1));
  EXPECT_EQ(scheduler_.stats().bytes, 10u);
  gets_.Finish(0, ObjectInfo{object_.key, 1 << 30, object_.etag, {}});
  EXPECT_EQ(scheduler_.stats().bytes, 10u);
}

TEST_F(RangeSchedulerStatsTest, TheMeasuredLatencyIsTold) {
  const auto before = scheduler_.stats();
  for (int i = 0; i < 200; ++i) {
    const auto range = queue_->Add(object_, 0, 10, 0);
    now_ms_ += 70;
    gets_.Complete(gets_.started() - 1);
  }
  EXPECT_NEAR(before.latency.count(), 0.030, 0.001);
  EXPECT_NEAR(scheduler_.stats().latency.count(), 0.070, 0.001);
  EXPECT_GT(before.bytes_per_s, 1e6);
}

}  // namespace
}  // namespace eider
