#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "lake/range_scheduler_suite.h"

namespace eider {
namespace {

TEST_F(RangeSchedulerTest, ALateGetIsHedgedForAWaitingReader) {
  Make();
  Practise(150);
  const auto range = Add(500);
  const std::size_t first = gets_.started() - 1;
  gets_.Feed(first, "XXXXX");  // bytes of the late one, which must not show up in the answer
  now_ms_ += 10'000;
  Status status = Internal("");
  std::thread reader([&] { status = range->Wait({}); });
  gets_.AwaitStarted(first + 2);
  EXPECT_EQ(gets_.offset(first + 1), 500u);
  EXPECT_EQ(gets_.request(first + 1).if_match, "e1");
  gets_.Complete(first + 1);
  reader.join();
  EXPECT_EQ(Outcome(status), "ok");
  EXPECT_EQ(Bytes(*range), ExpectedBytes(500, 10));
  EXPECT_TRUE(gets_.cancelled(first));
  const RangeSchedulerStats stats = scheduler_->stats();
  EXPECT_EQ(stats.hedges, 1u);
  EXPECT_EQ(stats.hedges_won, 1u);
  EXPECT_EQ(stats.in_flight, 0u);
  EXPECT_EQ(stats.held_bytes, 10u);
}

TEST_F(RangeSchedulerTest, OfAHedgedPairOneFailureIsNotTheAnswer) {
  Make();
  Practise(150);
  for (const bool hedge_fails : {true, false}) {
    const auto range = Add(500);
    const std::size_t first = gets_.started() - 1;
    now_ms_ += 10'000;
    Status status = Internal("");
    std::thread reader([&] { status = range->Wait({}); });
    gets_.AwaitStarted(first + 2);
    gets_.Finish(first + hedge_fails, Error{ErrorKind::kUnavailable, "down", {}});
    gets_.Complete(first + !hedge_fails);
    reader.join();
    EXPECT_EQ(Outcome(status), "ok");
    EXPECT_EQ(Bytes(*range), ExpectedBytes(500, 10));
  }
  EXPECT_EQ(scheduler_->stats().hedges_won, 1u);
  EXPECT_EQ(scheduler_->stats().held_bytes, 0u);
}

TEST_F(RangeSchedulerTest, WhenBothOfAPairFailTheReaderIsTold) {
  Make();
  Practise(150);
  const auto range = Add(500);
  const std::size_t first = gets_.started() - 1;
  now_ms_ += 10'000;
  Status status;
  std::thread reader([&] { status = range->Wait({}); });
  gets_.AwaitStarted(first + 2);
  gets_.Finish(first, Error{ErrorKind::kUnavailable, "down", {}});
  gets_.Finish(first + 1, Error{ErrorKind::kUnavailable, "down too", {}});
  reader.join();
  EXPECT_EQ(Outcome(status), "unavailable");
  EXPECT_EQ(scheduler_->stats().held_bytes, 0u);
  EXPECT_EQ(scheduler_->stats().in_flight, 0u);
}

TEST_F(RangeSchedulerTest, NothingIsHedgedWithoutAReaderOrSamplesOrBesideARetry) {
  Make();
  const auto early = Add(0);
  now_ms_ += 10'000;
  EXPECT_EQ(ShortWait(*early), "timeout");  // too few samples
  gets_.Complete(0);
  Practise(150);
  const std::size_t before = gets_.started();
  const auto nobody_waits = Add(0);
  const auto refused = Add(10);
  gets_.Retry(before + 1, RetryCause::kOverload);
  now_ms_ += 10'000;
  const auto another = Add(20);
  gets_.Complete(before + 2);
  EXPECT_EQ(ShortWait(*refused), "timeout");
  EXPECT_EQ(scheduler_->stats().hedges, 0u);
}

TEST_F(RangeSchedulerTest, HedgesAreFew) {
  Make();
  Practise(150);
  std::vector<std::shared_ptr<ScheduledRange>> late;
  for (std::uint64_t i = 0; i < 50; ++i) late.push_back(Add(i));
  now_ms_ += 10'000;
  for (const auto& range : late) EXPECT_EQ(ShortWait(*range), "timeout");
  EXPECT_EQ(scheduler_->stats().hedges, 6u);  // 3 of a hundred of 200
}

}  // namespace
}  // namespace eider
