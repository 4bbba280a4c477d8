#include "lake/fetch_caps.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
const SteadyTime kStart = SteadyTime(std::chrono::hours(1));

TEST(FetchCapsTest, GrowsAfterARefusalWhileTheCapIsReachedUpToItsMaximum) {
  FetchCaps caps(128, 64 * kMiB);
  EXPECT_EQ(caps.requests(), 128);
  caps.OnSlowDown(kStart);
  const SteadyTime later = kStart + std::chrono::seconds(2);
  for (int i = 0; i < 65; ++i) caps.OnSuccess(caps.requests(), later);
  EXPECT_EQ(caps.requests(), 65);
  for (int i = 0; i < 20'000; ++i) caps.OnSuccess(caps.requests(), later);
  EXPECT_EQ(caps.requests(), 128);
}

TEST(FetchCapsTest, ACapThatNothingReachedDoesNotGrow) {
  FetchCaps caps(128, 64 * kMiB);
  caps.OnSlowDown(kStart);
  for (int i = 0; i < 20'000; ++i) caps.OnSuccess(10, kStart + std::chrono::seconds(2));
  EXPECT_EQ(caps.requests(), 64);
}

TEST(FetchCapsTest, RefusalsOfOneMomentAreOneSignal) {
  FetchCaps caps(128, 64 * kMiB);
  for (int i = 0; i < 40; ++i) caps.OnSlowDown(kStart + std::chrono::milliseconds(10 * i));
  EXPECT_EQ(caps.requests(), 64);
  caps.OnSlowDown(kStart + std::chrono::seconds(2));
  EXPECT_EQ(caps.requests(), 32);
}

TEST(FetchCapsTest, WhatWasUnderWayAtACutGrowsNothing) {
  FetchCaps caps(128, 64 * kMiB);
  caps.OnSlowDown(kStart);
  for (int i = 0; i < 128; ++i) caps.OnSuccess(128 - i, kStart);
  EXPECT_EQ(caps.requests(), 64);
  for (int i = 0; i < 80; ++i) caps.OnSuccess(64, kStart + std::chrono::seconds(2));
  EXPECT_EQ(caps.requests(), 65);
}

TEST(FetchCapsTest, NeverGoesBelowAFewRequests) {
  FetchCaps caps(128, 64 * kMiB);
  for (int i = 0; i < 40; ++i) caps.OnSlowDown(kStart + std::chrono::seconds(2 * i));
  EXPECT_EQ(caps.requests(), 4);
  FetchCaps one(1, 64 * kMiB);
  one.OnSlowDown(kStart);
  EXPECT_EQ(one.requests(), 1);
}

TEST(FetchCapsTest, BytesFollowTheReaders) {
  FetchCaps caps(128, 64 * kMiB);
  EXPECT_EQ(caps.bytes(), 64 * kMiB);
  for (int i = 0; i < 1000; ++i) caps.OnReaderServed(kMiB);
  EXPECT_EQ(caps.bytes(), 16 * kMiB);
  caps.OnReaderWaited(4 * kMiB);
  EXPECT_EQ(caps.bytes(), 24 * kMiB);
  for (int i = 0; i < 100; ++i) caps.OnReaderWaited(4 * kMiB);
  EXPECT_EQ(caps.bytes(), 64 * kMiB);
}

TEST(FetchCapsTest, ASmallBudgetIsKept) {
  FetchCaps caps(128, kMiB);
  for (int i = 0; i < 100; ++i) caps.OnReaderServed(kMiB);
  EXPECT_EQ(caps.bytes(), kMiB);
}

}  // namespace
}  // namespace eider
