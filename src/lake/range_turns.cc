#include "lake/range_turns.h"

#include <algorithm>

namespace eider {

void RangeTurns::Add(const std::shared_ptr<ScheduledRange::State>& range) {
  StatementRanges& statement = *range->statement;
  range->place.second = added_++;
  if (statement.queued.empty()) turns_.push_back(range->statement);
  statement.queued.emplace(range->place, range);
  ++size_;
}

void RangeTurns::Remove(const ScheduledRange::State& range) {
  if (range.statement->queued.erase(range.place) == 0) return;
  --size_;
  if (range.statement->queued.empty()) std::erase(turns_, range.statement);
}

std::shared_ptr<ScheduledRange::State> RangeTurns::Next(std::uint64_t held_bytes, std::uint64_t byte_cap) {
  const std::uint64_t share = byte_cap / std::max<std::size_t>(turns_.size(), 1);
  for (std::size_t turn = 0; turn < turns_.size(); ++turn) {
    const std::shared_ptr<StatementRanges> statement = turns_.front();
    const std::shared_ptr<ScheduledRange::State> range = statement->queued.begin()->second;
    // One range of any length is always allowed; otherwise the cap could keep it out for ever.
    const bool within_share = statement->held_bytes == 0 || statement->held_bytes + range->length <= share;
    if (within_share && held_bytes != 0 && held_bytes + range->length > byte_cap) return nullptr;
    std::rotate(turns_.begin(), turns_.begin() + 1, turns_.end());
    if (!within_share) continue;
    Remove(*range);
    return range;
  }
  return nullptr;
}

std::vector<std::shared_ptr<ScheduledRange::State>> RangeTurns::Clear() {
  std::vector<std::shared_ptr<ScheduledRange::State>> all;
  for (const auto& statement : turns_) {
    for (auto& [place, range] : statement->queued) all.push_back(std::move(range));
    statement->queued.clear();
  }
  turns_.clear();
  size_ = 0;
  return all;
}

}  // namespace eider
