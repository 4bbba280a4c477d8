#include "lake/merge_ranges.h"

#include <algorithm>

namespace eider {
namespace {

// As much is read over whatever else is known: DuckDB's own figure, and less than a request's own cost anywhere.
constexpr std::uint64_t kFreeGap = 16 << 10;
// A wider gap costs bandwidth that other requests in flight would use, so it stays small beside what is wanted.
constexpr std::uint64_t kWantedAGap = 10;

}  // namespace

std::uint64_t EndOf(const Extent& extent) { return extent.offset + extent.length; }

std::vector<MergedRange> MergeRanges(const std::vector<WantedRange>& wanted, const MergeRule& rule) {
  std::vector<MergedRange> merged;
  std::uint64_t wasted = 0;  // gaps in the last request
  const auto joins = [&](std::uint64_t at) {
    if (merged.empty()) return false;
    const Extent& last = merged.back().extent;
    const std::uint64_t gap = at - EndOf(last);
    const bool cheap = gap <= kFreeGap || (wasted + gap) * kWantedAGap <= last.length;
    if (gap > rule.gap_bytes || !cheap || at >= last.offset + rule.split_bytes) return false;
    return !rule.free || rule.free(EndOf(last), at);
  };
  for (const WantedRange& range : wanted) {
    const std::uint64_t end = EndOf(range.extent);
    std::uint64_t at = range.extent.offset;
    if (!merged.empty()) at = std::max(at, EndOf(merged.back().extent));
    while (at < end) {
      if (!joins(at)) {
        merged.push_back({{at, 0}, {}});
        wasted = 0;
      }
      MergedRange& last = merged.back();
      wasted += at - EndOf(last.extent);
      // A request ends at the size above which two are faster, but a short rest stays with it.
      const std::uint64_t room = last.extent.offset + rule.split_bytes - at;
      const std::uint64_t rest = end - at;
      const std::uint64_t length = rest > room + rule.split_bytes / 2 ? room : rest;
      last.extent.length = at + length - last.extent.offset;
      last.parts.push_back({{at, length}, range.group, range.times});
      at += length;
    }
  }
  return merged;
}

}  // namespace eider
