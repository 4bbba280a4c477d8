#include "lake/transfer_model.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

using Seconds = TransferModel::Seconds;
constexpr std::uint64_t kMiB = 1 << 20;

void Teach(TransferModel& model, double latency_s, double bytes_per_s, std::uint64_t bytes, int times) {
  for (int i = 0; i < times; ++i) {
    model.Add(bytes, Seconds(latency_s), Seconds(latency_s + static_cast<double>(bytes) / bytes_per_s));
  }
}

TEST(TransferModelTest, BeginsWithAnObjectStoreOfTheSameRegion) {
  const TransferModel model;
  EXPECT_EQ(model.GapBytes(), 3 * kMiB / 2);
  EXPECT_EQ(model.SplitBytes(1 << 30), 12 * kMiB);
  EXPECT_EQ(model.SplitBytes(64 * kMiB), 8 * kMiB);
  EXPECT_EQ(model.SplitBytes(1), kMiB);
}

TEST(TransferModelTest, LearnsLatencyAndBandwidth) {
  TransferModel model;
  Teach(model, 0.002, 200e6, 4 * kMiB, 200);
  EXPECT_NEAR(static_cast<double>(model.GapBytes()), 0.002 * 200e6, 0.05 * 0.002 * 200e6);
  EXPECT_NEAR(model.Expected(0).count(), 0.002, 0.0001);
  EXPECT_NEAR(model.Expected(20'000'000).count(), 0.102, 0.005);
}

TEST(TransferModelTest, ShortBodiesSayNothingOfBandwidth) {
  TransferModel model;
  Teach(model, 0.030, 1e3, 100, 200);
  EXPECT_EQ(model.GapBytes(), 3 * kMiB / 2);
}

TEST(TransferModelTest, KeepsTheGapWithinBounds) {
  TransferModel fast;
  Teach(fast, 0, 1e12, 4 * kMiB, 500);
  EXPECT_GE(fast.GapBytes(), 16u << 10);
  TransferModel far;
  Teach(far, 1.0, 100e6, 4 * kMiB, 500);
  EXPECT_EQ(far.GapBytes(), 4 * kMiB);
  EXPECT_EQ(far.SplitBytes(1 << 30), 16 * kMiB);
}

TEST(TransferModelTest, OneOddSampleSwingsLittle) {
  TransferModel model;
  model.Add(100, Seconds(60), Seconds(60));
  EXPECT_LT(model.Expected(0).count(), 0.036);
}

TEST(TransferModelTest, KnowsNoLatenessBeforeAHundredSamples) {
  TransferModel model;
  Teach(model, 0.030, 50e6, 1000, 90);
  EXPECT_FALSE(model.LateAfter(1000));
  Teach(model, 0.030, 50e6, 1000, 30);
  ASSERT_TRUE(model.LateAfter(1000));
}

TEST(TransferModelTest, LateIsBeyondThe99thPercentileAndGrowsWithTheLength) {
  TransferModel model;
  for (int i = 0; i < 512; ++i) {
    const double latency_s = i % 50 == 0 ? 0.120 : 0.030;  // 2% take four times as long
    model.Add(1000, Seconds(latency_s), Seconds(latency_s));
  }
  const double late_s = model.LateAfter(1000)->count();
  EXPECT_GT(late_s, 0.100);
  EXPECT_LT(late_s, 0.200);
  EXPECT_GT(model.LateAfter(16 * kMiB)->count(), 2 * late_s);
}

TEST(TransferModelTest, NothingIsLateAtOnce) {
  TransferModel model;
  Teach(model, 0.0005, 1e9, 1000, 500);
  EXPECT_GE(model.LateAfter(1)->count(), 0.050);
}

}  // namespace
}  // namespace eider
