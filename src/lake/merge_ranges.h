// From the ranges that a scan wants to the requests that fetch them. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "object/ranges.h"

namespace eider {

// A range that will be read `times` times, by whoever reads its group. Groups (row groups) are begun in ascending
// order, so that all before the lowest that is being read are done with. What every reader looks at beforehand is of no
// group.
inline constexpr std::uint32_t kNoGroup = UINT32_MAX;
struct WantedRange {
  Extent extent;
  std::uint32_t group = 0;
  std::uint32_t times = 1;
};

// One request, and what of it is wanted; the rest are gaps that cost less than a second request.
struct MergedRange {
  Extent extent;
  std::vector<WantedRange> parts;
};

struct MergeRule {
  std::uint64_t gap_bytes = 0;    // what a request costs in bytes: as much between two wanted ranges is read over
  std::uint64_t split_bytes = 0;  // above it two requests are faster than one
  // Whether two ranges may be one request over the gap between these offsets; empty: always.
  std::function<bool(std::uint64_t from, std::uint64_t to)> free = {};
};

// `wanted` is ascending; where its ranges overlap, the second begins behind the first.
std::vector<MergedRange> MergeRanges(const std::vector<WantedRange>& wanted, const MergeRule& rule);

std::uint64_t EndOf(const Extent& extent);

}  // namespace eider
