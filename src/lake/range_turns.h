// Which queued range is next: statements in turns, within one by position. The scheduler's mutex guards all of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "lake/range_buffer.h"
#include "lake/range_scheduler.h"

namespace eider {

// One GET for a range.
struct RangeAttempt {
  std::shared_ptr<RangeBuffer> buffer;
  // The least that a waiting reader wants to have arrived; of none, more than ever arrives.
  std::atomic<std::uint64_t> wanted{UINT64_MAX};
  SteadyTime started{};
  SteadyTime first_byte{};
  bool hedge = false;   // started beside a late one
  bool hedged = false;  // late itself
  bool retried = false;
  std::unique_ptr<PendingGet> get;
};

// The ranges of one statement.
struct StatementRanges {
  using Key = std::pair<ScanPosition, std::uint64_t>;  // equal positions in the order they were added
  std::map<Key, std::shared_ptr<ScheduledRange::State>> queued;
  std::uint64_t held_bytes = 0;
};

class RangeDispatcher;

struct ScheduledRange::State {
  enum class Phase : std::uint8_t { kQueued, kInFlight, kReady, kFailed, kGone };

  ObjectInfo object;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::shared_ptr<RangeDispatcher> dispatcher;
  std::shared_ptr<StatementRanges> statement;
  StatementRanges::Key place;

  Phase phase = Phase::kQueued;
  bool asked_for = false;                               // a reader came
  std::vector<std::shared_ptr<RangeAttempt>> attempts;  // under way: one, or two when hedged
  std::shared_ptr<RangeBuffer> bytes;                   // once ready
  std::vector<std::uint64_t> kept;  // of each piece of a buffer, the bytes that were not given back; empty: all
  std::uint64_t given_back = 0;     // of pieces that were freed
  Error error;
  std::condition_variable_any changed;
};

class RangeTurns {
 public:
  void Add(const std::shared_ptr<ScheduledRange::State>& range);
  void Remove(const ScheduledRange::State& range);

  // The next that fits, out of its queue; null when none does. A statement that holds its share of `cap` lets the
  // others go first; a range that does not fit is waited for, so that short ones never keep a long one out.
  std::shared_ptr<ScheduledRange::State> Next(std::uint64_t held_bytes, std::uint64_t byte_cap);

  std::vector<std::shared_ptr<ScheduledRange::State>> Clear();
  std::size_t size() const { return size_; }

 private:
  std::deque<std::shared_ptr<StatementRanges>> turns_;  // those with something queued
  std::size_t size_ = 0;
  std::uint64_t added_ = 0;
};

}  // namespace eider
