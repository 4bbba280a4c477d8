#include "lake/merge_ranges.h"

#include <gtest/gtest.h>

#include <random>

namespace eider {
namespace {

const MergeRule kRule{100, 1000, {}};  // gaps far below those that are always read over

std::vector<Extent> Merge(const std::vector<Extent>& wanted, const MergeRule& rule = kRule) {
  std::vector<WantedRange> ranges;
  for (const Extent& extent : wanted) ranges.push_back({extent, 0, 1});
  std::vector<Extent> merged;
  for (const MergedRange& range : MergeRanges(ranges, rule)) merged.push_back(range.extent);
  return merged;
}

using Extents = std::vector<Extent>;

TEST(MergeRangesTest, AGapThatCostsLessThanARequestIsReadOver) {
  EXPECT_EQ(Merge({{0, 10}, {110, 10}}), (Extents{{0, 120}}));
  EXPECT_EQ(Merge({{0, 10}, {111, 10}}), (Extents{{0, 10}, {111, 10}}));
}

TEST(MergeRangesTest, AWideGapStaysSmallBesideWhatIsWanted) {
  const MergeRule rule{1 << 20, 100 << 20, {}};
  EXPECT_EQ(Merge({{0, 1 << 20}, {(1 << 20) + 100'000, 10}}, rule).size(), 1u);
  EXPECT_EQ(Merge({{0, 1 << 20}, {(1 << 20) + 110'000, 10}}, rule).size(), 2u);
  EXPECT_EQ(Merge({{0, 1 << 20}, {(1 << 20) + 60'000, 10}, {(1 << 20) + 130'000, 10}}, rule).size(), 2u);
}

TEST(MergeRangesTest, ALongRangeIsSplitButAShortRestStays) {
  EXPECT_EQ(Merge({{0, 1500}}), (Extents{{0, 1500}}));
  EXPECT_EQ(Merge({{0, 1501}}), (Extents{{0, 1000}, {1000, 501}}));
  EXPECT_EQ(Merge({{7, 3000}}), (Extents{{7, 1000}, {1007, 1000}, {2007, 1000}}));
}

TEST(MergeRangesTest, NothingJoinsARangeThatIsLongEnough) {
  EXPECT_EQ(Merge({{0, 1000}, {1000, 10}}), (Extents{{0, 1000}, {1000, 10}}));
}

TEST(MergeRangesTest, OverlapsAreAskedForOnce) {
  EXPECT_EQ(Merge({{0, 100}, {50, 100}}), (Extents{{0, 150}}));
  EXPECT_EQ(Merge({{0, 100}, {50, 10}}), (Extents{{0, 100}}));
}

TEST(MergeRangesTest, TheRuleMayKeepTwoApart) {
  const MergeRule apart{100, 1000, [](std::uint64_t, std::uint64_t) { return false; }};
  EXPECT_EQ(Merge({{0, 10}, {20, 10}}, apart), (Extents{{0, 10}, {20, 10}}));
}

TEST(MergeRangesTest, EveryWantedByteIsInExactlyOneRequest) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<WantedRange> wanted;
    std::uint64_t at = 0;
    std::uint64_t bytes = 0;
    for (int i = 0; i < 30; ++i) {
      at += random() % 250;
      const std::uint64_t length = 1 + random() % 2500;
      wanted.push_back({{at, length}, 0, 1});
      bytes += length;
      at += length;
    }
    std::uint64_t covered = 0;
    std::uint64_t end = 0;
    for (const MergedRange& range : MergeRanges(wanted, kRule)) {
      EXPECT_GE(range.extent.offset, end);
      end = EndOf(range.extent);
      for (const WantedRange& part : range.parts) {
        EXPECT_GE(part.extent.offset, range.extent.offset);
        EXPECT_LE(EndOf(part.extent), end);
        covered += part.extent.length;
      }
    }
    EXPECT_EQ(covered, bytes);
  }
}

}  // namespace
}  // namespace eider
