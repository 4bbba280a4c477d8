#include "lake/merge_ranges.h"

#include <algorithm>

namespace eider {

std::uint64_t EndOf(const Extent& extent) { return extent.offset + extent.length; }

std::vector<MergedRange> MergeRanges(const std::vector<WantedRange>& wanted, const MergeRule& rule) {
  std::vector<MergedRange> merged;
  const auto joins = [&](std::uint64_t at) {
    if (merged.empty()) return false;
    const Extent& last = merged.back().extent;
    if (at > EndOf(last) + rule.gap_bytes || at >= last.offset + rule.split_bytes) return false;
    return !rule.free || rule.free(EndOf(last), at);
  };
  for (const WantedRange& range : wanted) {
    const std::uint64_t end = EndOf(range.extent);
    std::uint64_t at = range.extent.offset;
    if (!merged.empty()) at = std::max(at, EndOf(merged.back().extent));
    while (at < end) {
      if (!joins(at)) merged.push_back({{at, 0}, {}});
      MergedRange& last = merged.back();
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
