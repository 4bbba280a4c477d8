#include "lake/planned_reads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "lake/scripted_gets.h"

namespace eider {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

// Answers each GET at once, with the bytes of ScriptedGets.
std::unique_ptr<PendingGet> AnswerAtOnce(const GetRequest& request, const ByteConsumer& consume, const GetDone& done) {
  consume(ExpectedBytes(request.range.offset, request.range.length));
  done(ObjectInfo{request.key, 1 << 30, request.if_match, {}});
  return std::make_unique<PendingGet>();
}

class PlannedReadsTest : public testing::Test {
 protected:
  explicit PlannedReadsTest(std::uint64_t size_bytes = 100 * kMiB)
      : snapshot_(std::make_shared<Snapshot>(std::vector<ObjectInfo>{{"a", size_bytes, "v1", {}}}, nullptr,
                                             RemoteReads{&scheduler_, &cache_})) {}

  // As the next statement.
  void Again() { reads_ = std::make_shared<PlannedReads>(snapshot_, counters_); }

  StartRange Recorder() {
    return [this](const GetRequest& request, const ByteConsumer& consume, const GetDone& done, const Call&) {
      {
        const std::lock_guard lock(mutex_);
        asked_.push_back({request.range.offset, request.range.length});
      }
      return AnswerAtOnce(request, consume, done);
    };
  }

  std::vector<Extent> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  bool Reads(ObjectReader& reader, std::uint64_t offset, std::uint64_t length) {
    std::string out(length, '?');
    return reader.Read(offset, out, {}).ok() && out == ExpectedBytes(offset, length);
  }

  std::unique_ptr<ObjectReader> Open() { return *reads_->Open("a"); }

  std::mutex mutex_;
  std::vector<Extent> asked_;
  ReadCounters counters_;
  RangeScheduler scheduler_{Recorder(), {}};
  BlockCache cache_{"s3://b", {}};
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<PlannedReads> reads_ = std::make_shared<PlannedReads>(snapshot_, counters_);
};

class SmallObjectTest : public PlannedReadsTest {
 protected:
  SmallObjectTest() : PlannedReadsTest(100'000) {}
};

TEST_F(PlannedReadsTest, NeighboursAreOneRequest) {
  reads_->Plan("a", {{{1000, 500}, 0, 1}, {{2000, 500}, 0, 1}, {{60 * kMiB, 10}, 1, 1}}, 1);
  reads_->EndPlan("a");
  EXPECT_EQ(asked(), (std::vector<Extent>{{1000, 1500 + kPageHead}, {60 * kMiB, 10 + kPageHead}}));
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 1000, 500));
  EXPECT_TRUE(Reads(*reader, 2000, 500));
  EXPECT_TRUE(Reads(*reader, 60 * kMiB, 10));
  EXPECT_EQ(asked().size(), 2u);
  EXPECT_EQ(scheduler_.stats().held_bytes, 0u);
}

TEST_F(PlannedReadsTest, ALongRangeIsSplitAndOneReadTakesAllPieces) {
  reads_->Plan("a", {{{5, 40 * kMiB}, 0, 1}}, 1);
  reads_->EndPlan("a");
  EXPECT_GT(asked().size(), 3u);
  const std::size_t planned = asked().size();
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 5, 40 * kMiB));
  EXPECT_EQ(asked().size(), planned);
  EXPECT_EQ(scheduler_.stats().held_bytes, 0u);
}

TEST_F(PlannedReadsTest, BytesStayUntilTheirLastPlannedRead) {
  reads_->Plan("a", {{{0, 100}, 0, 2}}, 1);
  reads_->EndPlan("a");
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 0, 100));
  EXPECT_GT(scheduler_.stats().held_bytes, 0u);
  EXPECT_TRUE(Reads(*reader, 0, 100));
  EXPECT_EQ(scheduler_.stats().held_bytes, 0u);
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(PlannedReadsTest, APageHeadThatIsReadTwiceCostsNoRequest) {
  reads_->Plan("a", {{{0, 1000}, 0, 1}}, 1);
  reads_->EndPlan("a");
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 0, kPageHead));
  EXPECT_TRUE(Reads(*reader, 40, 890));
  EXPECT_TRUE(Reads(*reader, 930, kPageHead));
  EXPECT_TRUE(Reads(*reader, 970, 30));
  EXPECT_EQ(asked().size(), 1u);
  EXPECT_EQ(scheduler_.stats().held_bytes, 0u);
}

TEST_F(PlannedReadsTest, ALookAtAPageHeadMayReachIntoTheNextRange) {
  reads_->Plan("a", {{{0, 100}, 0, 1}, {{100, 1000}, 0, 1}}, 1);
  reads_->EndPlan("a");
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 0, kPageHead));
  EXPECT_TRUE(Reads(*reader, 100, kPageHead));
  EXPECT_TRUE(Reads(*reader, 200, 900));
  EXPECT_TRUE(Reads(*reader, 40, kPageHead));
  EXPECT_TRUE(Reads(*reader, 50, 50));
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(SmallObjectTest, ALookAtAPageHeadMayReachTheEnd) {
  reads_->PlanTail("a", 1);
  reads_->Plan("a", {{{99'900, 50}, 0, 1}}, 1);
  reads_->EndPlan("a");
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 99'900, 100));
  EXPECT_TRUE(Reads(*reader, 99'910, 40));
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(PlannedReadsTest, MemoryIsGivenBackAsItIsRead) {
  reads_->Plan("a", {{{100, 3 * kMiB}, 0, 1}}, 1);
  reads_->EndPlan("a");
  EXPECT_EQ(asked().size(), 1u);
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 100, 3 * kMiB / 2));
  EXPECT_EQ(scheduler_.stats().held_bytes, 3 * kMiB / 2 + kPageHead);
  EXPECT_TRUE(Reads(*reader, 100 + 3 * kMiB / 2, 3 * kMiB / 2));
  EXPECT_EQ(asked().size(), 1u);
  EXPECT_EQ(scheduler_.stats().held_bytes, 0u);
}

TEST_F(PlannedReadsTest, TheTailIsOneRequestAndGivenUpWithoutUse) {
  reads_->PlanTail("a", 1);
  ASSERT_TRUE(reads_->AwaitTail("a", true, {}).ok());
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 100 * kMiB - 8, 8));
  EXPECT_TRUE(Reads(*reader, 100 * kMiB - 5000, 4992));
  EXPECT_EQ(asked().size(), 1u);
  reads_->Plan("a", {{{0, 10}, 0, 1}}, 1);
  reads_->EndPlan("a");
  EXPECT_EQ(scheduler_.stats().held_bytes, 10 + kPageHead);
}

TEST_F(PlannedReadsTest, WithoutAPlanTheFooterIsOneRequestToo) {
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 100 * kMiB - 8, 8));
  EXPECT_TRUE(Reads(*reader, 100 * kMiB - 5000, 4992));
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(SmallObjectTest, AnObjectThatCostsNoMoreThanARequestIsReadWhole) {
  reads_->PlanTail("a", 1);
  EXPECT_EQ(asked(), (std::vector<Extent>{{0, 100'000}}));
  reads_->Plan("a", {{{0, 50'000}, 0, 1}, {{70'000, 1000}, 0, 1}}, 1);
  reads_->EndPlan("a");
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 0, 50'000));
  EXPECT_TRUE(Reads(*reader, 70'000, 1000));
  EXPECT_EQ(asked().size(), 1u);
  EXPECT_EQ(scheduler_.stats().held_bytes, 0u);
}

TEST_F(PlannedReadsTest, WhatWasNotPlannedIsFetchedWhenItIsAskedFor) {
  reads_->Plan("a", {{{10 * kMiB, 1000}, 0, 1}}, 1);
  reads_->EndPlan("a");
  const auto reader = Open();
  EXPECT_TRUE(Reads(*reader, 10 * kMiB - 700, 1000));  // partly planned
  EXPECT_TRUE(Reads(*reader, 50 * kMiB, 1000));
  EXPECT_EQ(asked(), (std::vector<Extent>{{10 * kMiB, 1000 + kPageHead}, {10 * kMiB - 700, 700}, {50 * kMiB, 1000}}));
}

TEST_F(PlannedReadsTest, AReaderThatGoesOnIsReadAheadOf) {
  const auto reader = Open();
  std::uint64_t at = 0;
  for (; at < 64 * kMiB; at += 32 << 10) ASSERT_TRUE(Reads(*reader, at, 32 << 10));
  EXPECT_LT(asked().size(), 40u);  // of 2,048 reads
}

TEST_F(PlannedReadsTest, WhatIsReadAgainAndAgainNeedsNoRequest) {
  for (int statement = 0; statement < 3; ++statement) {
    Again();
    reads_->PlanTail("a", 1);
    const auto reader = Open();
    EXPECT_TRUE(Reads(*reader, 100 * kMiB - 8, 8));
    // Merged in another way each time.
    std::vector<WantedRange> wanted = {{{1000, 500}, 0, 1}};
    if (statement != 1) wanted.push_back({{2000, 700}, 0, 1});
    reads_->Plan("a", wanted, 1);
    reads_->EndPlan("a");
    EXPECT_TRUE(Reads(*reader, 1000, 500));
    if (statement != 1) {
      EXPECT_TRUE(Reads(*reader, 2000, 700));
    }
  }
  EXPECT_EQ(asked().size(), 5u);  // 2, 2, and what only the first of both had asked for
  Again();
  reads_->PlanTail("a", 1);
  reads_->Plan("a", {{{1000, 500}, 0, 1}, {{2000, 700}, 0, 1}}, 1);
  reads_->EndPlan("a");
  EXPECT_EQ(asked().size(), 5u);
}

TEST_F(PlannedReadsTest, AGroupThatTheScanHasPassedIsGivenUpWhenMemoryIsShort) {
  for (const std::uint64_t length : {std::uint64_t{100}, 8 * kMiB}) {  // all, or more than may be held
    Again();
    std::vector<WantedRange> wanted;
    for (std::uint32_t group = 0; group < 9; ++group) wanted.push_back({{group * 10 * kMiB, length}, group, 1});
    reads_->Plan("a", wanted, 1);
    reads_->EndPlan("a");
    const auto one = Open();
    const auto other = Open();
    EXPECT_TRUE(Reads(*one, 0, 10));  // group 0, and not all of it
    EXPECT_TRUE(Reads(*other, 80 * kMiB, 10));
    EXPECT_TRUE(Reads(*one, 70 * kMiB, 10));  // nobody is below group 7 now: 3 may still be somebody's
    const std::size_t before = asked().size();
    EXPECT_TRUE(Reads(*one, 30 * kMiB, 10));
    EXPECT_EQ(asked().size(), before);
    EXPECT_TRUE(Reads(*one, 20 * kMiB, 10));
    EXPECT_EQ(asked().size() - before, length > kMiB ? 1u : 0u);
  }
}

TEST_F(PlannedReadsTest, WhatTheScanHasSkippedIsNotFetchedAnyMore) {
  RangeSchedulerOptions one_at_a_time;
  one_at_a_time.max_requests = 1;
  ScriptedGets gets;
  RangeScheduler scheduler(gets.function(), one_at_a_time);
  const auto snapshot = std::make_shared<Snapshot>(std::vector<ObjectInfo>{{"a", 1 << 30, "v1", {}}}, nullptr,
                                                   RemoteReads{&scheduler, nullptr});
  const auto reads = std::make_shared<PlannedReads>(snapshot, counters_);
  std::vector<WantedRange> wanted;
  for (std::uint32_t group = 0; group < 9; ++group) wanted.push_back({{group * 10 * kMiB, 100}, group, 1});
  reads->Plan("a", wanted, 1);
  reads->EndPlan("a");
  const auto reader = *reads->Open("a");
  std::thread store([&] {
    gets.AwaitStarted(2);
    gets.Complete(1);
  });
  EXPECT_TRUE(Reads(*reader, 80 * kMiB, 10));
  store.join();
  gets.Complete(0);
  std::vector<std::uint64_t> asked;
  for (std::size_t i = 2; i < gets.started(); ++i) {
    asked.push_back(gets.offset(i));
    gets.Complete(i);
  }
  EXPECT_EQ(asked, (std::vector<std::uint64_t>{40 * kMiB, 50 * kMiB, 60 * kMiB, 70 * kMiB}));
}

TEST_F(PlannedReadsTest, AReadPastTheEndIsWrong) {
  const auto reader = Open();
  std::string out(10, '?');
  EXPECT_EQ(reader->Read(100 * kMiB - 5, out, {}).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(reads_->Open("b").error().kind, ErrorKind::kNotFound);
}

TEST_F(PlannedReadsTest, ConcurrentReadersOfARandomPlanGetTheirBytes) {
  std::mt19937 random(7);
  std::vector<WantedRange> wanted;
  for (std::uint64_t at = 0; at < 20 * kMiB;) {
    at += random() % 90'000;
    const std::uint64_t length = 1 + random() % 60'000;
    wanted.push_back({{at, length}, static_cast<std::uint32_t>(at / kMiB), 1});
    at += length;
  }
  reads_->PlanTail("a", 1);
  reads_->Plan("a", wanted, 1);
  reads_->EndPlan("a");
  std::atomic<std::size_t> next{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto reader = Open();
      for (std::size_t mine = next++; mine < wanted.size(); mine = next++) {
        const Extent& extent = wanted[mine].extent;
        for (std::uint64_t done = 0; done < extent.length; done += 7000) {
          const auto length = std::min<std::uint64_t>(7000, extent.length - done);
          if (!Reads(*reader, extent.offset + done, length)) ++wrong;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(reads_->planned().bytes, 22 * kMiB);
}

TEST(ReplacedObjectTest, IsNamed) {
  ReadCounters counters;
  RangeScheduler scheduler(
      [](const GetRequest&, ByteConsumer, const GetDone& done, const Call&) {
        done(Error{ErrorKind::kConflict, "412", {}});
        return std::make_unique<PendingGet>();
      },
      {});
  const auto snapshot = std::make_shared<Snapshot>(std::vector<ObjectInfo>{{"a/b", 100, "v1", {}}}, nullptr,
                                                   RemoteReads{&scheduler, nullptr});
  const auto reads = std::make_shared<PlannedReads>(snapshot, counters);
  const auto reader = *reads->Open("a/b");
  std::string out(10, '?');
  const auto status = reader->Read(0, out, {});
  EXPECT_EQ(status.error().kind, ErrorKind::kConflict);
  EXPECT_NE(status.error().message.find("'a/b' was replaced"), std::string::npos);
}

}  // namespace
}  // namespace eider
