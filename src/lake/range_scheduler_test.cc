#include "lake/range_scheduler.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "lake/range_buffer.h"
#include "lake/range_scheduler_suite.h"

namespace eider {
namespace {

TEST_F(RangeSchedulerTest, ARangeIsOneConditionalGet) {
  Make();
  const auto range = Add(100, 50);
  ASSERT_EQ(gets_.started(), 1u);
  EXPECT_EQ(gets_.request(0).key, "a.parquet");
  EXPECT_EQ(gets_.request(0).if_match, "e1");
  EXPECT_EQ(gets_.request(0).range.kind, ByteRange::Kind::kSpan);
  EXPECT_EQ(gets_.request(0).range.offset, 100u);
  EXPECT_EQ(gets_.request(0).range.length, 50u);
  EXPECT_FALSE(range->ready());
  gets_.Complete(0);
  EXPECT_TRUE(range->ready());
  EXPECT_EQ(Outcome(range->Wait({})), "ok");
  EXPECT_EQ(Bytes(*range), ExpectedBytes(100, 50));
  const RangeSchedulerStats stats = scheduler_->stats();
  EXPECT_EQ(stats.requests, 1u);
  EXPECT_EQ(stats.bytes, 50u);
  EXPECT_EQ(stats.in_flight, 0u);
  EXPECT_EQ(stats.held_bytes, 50u);
}

TEST_F(RangeSchedulerTest, RangesStartInScanOrder) {
  Make(1);
  const auto first = Add(0);
  std::vector<std::shared_ptr<ScheduledRange>> ranges;
  for (const ScanPosition position : {5, 1, 3, 1}) ranges.push_back(Add(100 * ranges.size() + 100, 10, position));
  for (std::size_t i = 0; i < 5; ++i) gets_.Complete(i);
  EXPECT_EQ(gets_.offset(1), 200u);
  EXPECT_EQ(gets_.offset(2), 400u);  // equal positions: as they were added
  EXPECT_EQ(gets_.offset(3), 300u);
  EXPECT_EQ(gets_.offset(4), 100u);
}

TEST_F(RangeSchedulerTest, StatementsTakeTurns) {
  Make(1);
  const auto other = scheduler_->NewQueue();
  std::vector<std::shared_ptr<ScheduledRange>> ranges;
  for (std::uint64_t i = 0; i < 4; ++i) ranges.push_back(Add(i, 10, i));
  for (std::uint64_t i = 0; i < 2; ++i) ranges.push_back(other->Add(object_, 1000 + i, 10, i));
  for (std::size_t i = 0; i < 6; ++i) gets_.Complete(i);
  std::vector<std::uint64_t> order;
  for (std::size_t i = 0; i < 6; ++i) order.push_back(gets_.offset(i));
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0, 1, 1000, 2, 1001, 3}));
}

TEST_F(RangeSchedulerTest, NoMoreRequestsThanTheCap) {
  Make(3);
  std::vector<std::shared_ptr<ScheduledRange>> ranges;
  for (std::uint64_t i = 0; i < 10; ++i) ranges.push_back(Add(i));
  EXPECT_EQ(gets_.started(), 3u);
  EXPECT_EQ(scheduler_->stats().queued, 7u);
  gets_.Complete(0);
  EXPECT_EQ(gets_.started(), 4u);
  EXPECT_EQ(scheduler_->stats().in_flight, 3u);
}

TEST_F(RangeSchedulerTest, ReadyBytesCountUntilTheyAreGivenBack) {
  Make(128, 100);
  auto first = Add(0, 60);
  auto second = Add(60, 40);
  auto third = Add(100, 60);
  EXPECT_EQ(gets_.started(), 2u);
  gets_.Complete(0);
  gets_.Complete(1);
  EXPECT_EQ(gets_.started(), 2u);
  EXPECT_EQ(scheduler_->stats().held_bytes, 100u);
  second.reset();
  EXPECT_EQ(gets_.started(), 2u);  // 60 + 60 would be too many
  first.reset();
  EXPECT_EQ(gets_.started(), 3u);
  EXPECT_EQ(scheduler_->stats().held_bytes, 60u);
}

TEST_F(RangeSchedulerTest, ARangeLargerThanTheCapStartsAlone) {
  Make(128, 100);
  auto small = Add(0, 10);
  auto large = Add(10, 1000, 1);
  auto after = Add(2000, 10, 2);
  EXPECT_EQ(gets_.started(), 1u);  // nor does the small one after it pass it by
  gets_.Complete(0);
  small.reset();
  ASSERT_EQ(gets_.started(), 2u);
  EXPECT_EQ(gets_.offset(1), 10u);
}

TEST_F(RangeSchedulerTest, AStatementThatDoesNotReadLeavesOthersTheirShare) {
  Make(128, 100);
  std::vector<std::shared_ptr<ScheduledRange>> unread;
  for (std::uint64_t i = 0; i < 20; ++i) unread.push_back(Add(i * 10, 10, i));
  EXPECT_EQ(gets_.started(), 10u);
  const auto other = scheduler_->NewQueue();
  std::vector<std::shared_ptr<ScheduledRange>> read;
  for (std::uint64_t i = 0; i < 20; ++i) read.push_back(other->Add(object_, 1000 + i * 10, 10, i));
  for (std::size_t i = 0; i < 6; ++i) {
    gets_.Complete(i);
    unread[i].reset();
  }
  // The first holds 40 of its half of 100; what came free went to the second up to its half, then to both in turns.
  ASSERT_EQ(gets_.started(), 16u);
  for (std::size_t i = 10; i < 15; ++i) EXPECT_GE(gets_.offset(i), 1000u) << i;
  EXPECT_EQ(gets_.offset(15), 100u);
}

TEST_F(RangeSchedulerTest, AReaderThatWaitsIsServedBeyondBothCaps) {
  Make(1, 10);
  const auto unread = Add(0);
  const auto behind = Add(10, 10, 1);
  const auto wanted = Add(20, 10, 2);
  gets_.Complete(0);  // its bytes are held, and nobody reads them
  EXPECT_EQ(gets_.started(), 1u);
  Status status = Internal("");
  std::thread reader([&] { status = wanted->Wait({}); });
  gets_.AwaitStarted(2);
  EXPECT_EQ(gets_.offset(1), 20u);
  gets_.Complete(1);
  reader.join();
  EXPECT_EQ(Outcome(status), "ok");
  EXPECT_EQ(Bytes(*wanted), ExpectedBytes(20, 10));
  EXPECT_EQ(gets_.started(), 2u);
  EXPECT_EQ(scheduler_->stats().held_bytes, 20u);
}

TEST_F(RangeSchedulerTest, SeveralReadersWaitForOneGet) {
  Make();
  const auto range = Add(0);
  std::atomic<int> fine{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] { fine += range->Wait({}).ok() && Bytes(*range) == ExpectedBytes(0, 10); });
  }
  gets_.Complete(0);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(fine, 8);
  EXPECT_EQ(gets_.started(), 1u);
}

TEST_F(RangeSchedulerTest, BytesAreReadAsTheyArrive) {
  Make();
  const std::uint64_t length = 1 << 20;
  const auto range = Add(0, length);
  std::string head(1000, '?');
  Status status = Internal("");
  std::thread reader([&] { status = range->Read(5, head, {}); });
  gets_.AwaitStarted(1);
  for (std::uint64_t at = 0; at < 2000; at += 100) gets_.Feed(0, ExpectedBytes(at, 100));
  reader.join();
  EXPECT_EQ(Outcome(status), "ok");
  EXPECT_EQ(head, ExpectedBytes(5, 1000));
  EXPECT_FALSE(range->ready());
  // The end is judged with the whole: this one does not come.
  gets_.Feed(0, ExpectedBytes(2000, length - 2000));
  gets_.Finish(0, Error{ErrorKind::kUnavailable, "more bytes than it announced", {}});
  EXPECT_EQ(Bytes(*range), "none");
}

TEST_F(RangeSchedulerTest, PiecesThatWereReadMakeRoom) {
  constexpr std::uint64_t kPiece = BufferPool::kPieceBytes;
  Make(128, 1 << 20);
  const auto range = Add(0, 1 << 20);
  const auto next = Add(1 << 20, 300'000, 1);
  EXPECT_EQ(gets_.started(), 1u);
  gets_.Feed(0, ExpectedBytes(0, 600'000));
  range->GiveBack(0, kPiece / 2);
  EXPECT_EQ(scheduler_->stats().held_bytes, 1u << 20);  // memory goes in pieces
  range->GiveBack(kPiece / 2, 600'000 - kPiece / 2);
  EXPECT_EQ(scheduler_->stats().held_bytes, (1u << 20) - 600'000 / kPiece * kPiece + 300'000);
  EXPECT_EQ(gets_.started(), 2u);
  gets_.Feed(0, ExpectedBytes(600'000, (1 << 20) - 600'000));
  gets_.Finish(0, object_);
  std::string rest((1 << 20) - 600'000, '?');
  EXPECT_EQ(Outcome(range->Read(600'000, rest, {})), "ok");
  EXPECT_EQ(rest, ExpectedBytes(600'000, rest.size()));
  range->GiveBack(600'000, rest.size());
  EXPECT_EQ(scheduler_->stats().held_bytes, 300'000u);
}

TEST_F(RangeSchedulerTest, TheBoundsOfACallEndOnlyItsWait) {
  Make();
  const auto range = Add(0);
  Call late;
  late.deadline = SteadyTime(std::chrono::milliseconds(now_ms_));
  EXPECT_EQ(Outcome(range->Wait(late)), "timeout");
  std::stop_source stop;
  Call stopped;
  stopped.stop = stop.get_token();
  Status status;
  std::thread reader([&] { status = range->Wait(stopped); });
  stop.request_stop();
  reader.join();
  EXPECT_EQ(Outcome(status), "cancelled");
  EXPECT_FALSE(gets_.cancelled(0));
  gets_.Complete(0);
  EXPECT_EQ(Outcome(range->Wait(late)), "ok");
}

TEST_F(RangeSchedulerTest, ErrorsPassThroughAndGiveTheirBytesBack) {
  Make(128, 10);
  const auto broken = Add(0);
  const auto next = Add(10);
  gets_.Finish(0, Error{ErrorKind::kConflict, "it was replaced", {}});
  EXPECT_TRUE(broken->ready());
  const Status status = broken->Wait({});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(status.error().message, "it was replaced");
  EXPECT_EQ(gets_.started(), 2u);
  EXPECT_EQ(scheduler_->stats().held_bytes, 10u);
}

TEST_F(RangeSchedulerTest, BytesThatDidNotComeAreAnError) {
  Make();
  const auto cut = Add(0);
  gets_.Feed(0, ExpectedBytes(0, 9));
  gets_.Finish(0, object_);
  EXPECT_EQ(Outcome(cut->Wait({})), "corrupt");
  const auto other = Add(10);
  gets_.Feed(1, ExpectedBytes(10, 10));
  ObjectInfo replaced = object_;
  replaced.etag = "e2";
  gets_.Finish(1, replaced);
  EXPECT_EQ(Outcome(other->Wait({})), "conflict");
  const auto past = Add((1 << 30) - 5, 10);
  EXPECT_EQ(Outcome(past->Wait({})), "invalid");
  EXPECT_EQ(Outcome(Add(UINT64_MAX, 2)->Wait({})), "invalid");
  EXPECT_EQ(gets_.started(), 2u);
}

TEST_F(RangeSchedulerTest, ARangeOfNoBytesNeedsNoGet) {
  Make();
  const auto empty = Add(7, 0);
  EXPECT_EQ(Outcome(empty->Wait({})), "ok");
  EXPECT_EQ(Bytes(*empty), "");
  EXPECT_EQ(gets_.started(), 0u);
}

TEST_F(RangeSchedulerTest, DestroyingARangeCancelsIt) {
  Make(1);
  auto under_way = Add(0);
  auto queued = Add(10, 10, 1);
  auto last = Add(20, 10, 2);
  queued.reset();
  EXPECT_FALSE(gets_.cancelled(0));
  under_way.reset();
  EXPECT_TRUE(gets_.cancelled(0));
  ASSERT_EQ(gets_.started(), 2u);
  EXPECT_EQ(gets_.offset(1), 20u);
  const RangeSchedulerStats stats = scheduler_->stats();
  EXPECT_EQ(stats.cancelled, 2u);
  EXPECT_EQ(stats.in_flight, 1u);
  EXPECT_EQ(stats.held_bytes, 10u);
}

TEST_F(RangeSchedulerTest, RangesOutliveTheirScheduler) {
  Make(2);
  const auto ready = Add(0);
  const auto under_way = Add(10);
  const auto waited_for = Add(20);
  const auto queued = Add(30);
  gets_.Complete(0);
  Status status;
  std::thread reader([&] { status = waited_for->Wait({}); });
  gets_.AwaitStarted(3);
  scheduler_.reset();
  reader.join();
  EXPECT_EQ(gets_.open(), 0u);
  EXPECT_EQ(Outcome(ready->Wait({})), "ok");
  EXPECT_EQ(Bytes(*ready), ExpectedBytes(0, 10));
  EXPECT_EQ(Outcome(status), "cancelled");
  EXPECT_EQ(Outcome(under_way->Wait({})), "cancelled");
  EXPECT_EQ(Outcome(queued->Wait({})), "cancelled");
  EXPECT_EQ(Outcome(Add(40)->Wait({})), "cancelled");  // the queue too
}

TEST_F(RangeSchedulerTest, AStoreThatAsksForLessGetsLess) {
  Make(16);
  std::vector<std::shared_ptr<ScheduledRange>> ranges;
  for (std::uint64_t i = 0; i < 40; ++i) ranges.push_back(Add(i));
  ASSERT_EQ(gets_.started(), 16u);
  for (std::size_t i = 0; i < 16; ++i) gets_.Retry(i, RetryCause::kOverload);
  gets_.Retry(0, RetryCause::kOther);
  EXPECT_EQ(scheduler_->stats().request_cap, 8u);
  EXPECT_EQ(scheduler_->stats().slow_downs, 16u);
  EXPECT_EQ(scheduler_->stats().retries, 17u);
  for (std::size_t i = 0; i < 8; ++i) gets_.Complete(i);
  EXPECT_EQ(gets_.started(), 16u);
  gets_.Complete(8);
  EXPECT_EQ(gets_.started(), 17u);
  now_ms_ += 2000;
  for (std::size_t i = 9; i < 40; ++i) gets_.Complete(i);
  EXPECT_GT(scheduler_->stats().request_cap, 8u);
}

TEST_F(RangeSchedulerTest, AStoreThatAnswersAtOnceDoesNotNest) {
  Make(4, 1000);
  RangeSchedulerOptions options;
  options.max_requests = 1;
  int depth = 0;
  int deepest = 0;
  RangeScheduler at_once(
      [&](const GetRequest& request, ByteConsumer consume, GetDone done, const Call&) {
        deepest = std::max(deepest, ++depth);
        EXPECT_TRUE(consume(ExpectedBytes(request.range.offset, request.range.length)));
        done(ObjectInfo{request.key, 1 << 30, request.if_match, {}});
        --depth;
        return std::make_unique<PendingGet>();
      },
      options);
  const auto queue = at_once.NewQueue();
  std::vector<std::shared_ptr<ScheduledRange>> ranges;
  for (std::uint64_t i = 0; i < 1000; ++i) ranges.push_back(queue->Add(object_, i, 10, i));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(Outcome(ranges[i]->Wait({})), "ok");
    ASSERT_EQ(Bytes(*ranges[i]), ExpectedBytes(i, 10));
  }
  EXPECT_LE(deepest, 2);
}

// Readers, leavers and a store of several threads, all at once: for the sanitizers, and for lost wake-ups.
TEST_F(RangeSchedulerTest, StandsManyThreads) {
  Make(8, 400);
  std::atomic<bool> ended{false};
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> store;
  for (int t = 0; t < 2; ++t) {
    store.emplace_back([&] {
      while (!ended) {
        if (next.load() >= gets_.started()) {
          std::this_thread::yield();
          continue;
        }
        const std::size_t mine = next++;
        gets_.AwaitStarted(mine + 1);
        if (mine % 7 == 0) gets_.Retry(mine, RetryCause::kOverload);
        gets_.Complete(mine);
      }
    });
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> statements;
  for (unsigned t = 0; t < 3; ++t) {
    statements.emplace_back([&, t] {
      std::minstd_rand random(t + 1);
      const auto queue = scheduler_->NewQueue();
      for (int round = 0; round < 40; ++round) {
        std::vector<std::shared_ptr<ScheduledRange>> ranges;
        for (std::uint64_t i = 0; i < 20; ++i) ranges.push_back(queue->Add(object_, i * 50, 1 + random() % 50, i));
        std::thread leaver([taken = std::move(ranges[random() % 20])]() mutable { taken.reset(); });
        for (std::uint64_t i = 0; i < 20; ++i) {
          if (!ranges[i]) continue;
          wrong += Bytes(*ranges[i]) != ExpectedBytes(i * 50, ranges[i]->length());
          if (random() % 2 == 0) ranges[i].reset();
        }
        leaver.join();
      }
    });
  }
  for (std::thread& statement : statements) statement.join();
  // What is open now belongs to nobody; a store thread may be waiting for one more GET.
  ended = true;
  std::vector<std::shared_ptr<ScheduledRange>> last;
  for (int i = 0; i < 2; ++i) last.push_back(Add(0, 1));
  for (std::thread& thread : store) thread.join();
  last.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(scheduler_->stats().held_bytes, 0u);
  EXPECT_EQ(scheduler_->stats().in_flight, 0u);
  EXPECT_EQ(scheduler_->stats().queued, 0u);
}

}  // namespace
}  // namespace eider
