// The state machine of a RangeScheduler: starts GETs as the caps allow, takes their answers, wakes readers. Shared by
// the scheduler, its queues and its ranges, so that each may be destroyed before the others. Thread-safe.
//
// One mutex guards everything but the bytes of buffers and their count. It is never held while StartRange is called or
// a PendingGet is destroyed: the first may call back at once, the second waits for a callback that may want the mutex.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "lake/fetch_caps.h"
#include "lake/range_scheduler.h"
#include "lake/range_turns.h"
#include "lake/transfer_model.h"

namespace eider {

class RangeDispatcher : public std::enable_shared_from_this<RangeDispatcher> {
 public:
  using Range = ScheduledRange::State;

  RangeDispatcher(StartRange start, RangeSchedulerOptions options);

  void Add(const std::shared_ptr<Range>& range);
  // Until the first `bytes` of the range have arrived; null for a range of none.
  Result<std::shared_ptr<RangeBuffer>> Wait(const std::shared_ptr<Range>& range, std::uint64_t bytes, const Call& call,
                                            bool in_turn);
  void GiveBack(Range& range, std::uint64_t at, std::uint64_t length);
  bool Ready(const Range& range) const;
  bool Queued(const Range& range) const;
  void Leave(const std::shared_ptr<Range>& range);  // its reader is gone
  void Close();

  std::uint64_t gap_bytes() const;
  std::uint64_t split_bytes() const;
  bool short_of_memory() const;
  RangeSchedulerStats stats() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Attempts = std::vector<std::shared_ptr<RangeAttempt>>;

  std::shared_ptr<RangeBuffer> Arrived(const Range& range, std::uint64_t bytes) const;
  Result<std::shared_ptr<RangeBuffer>> Await(Lock& lock, const std::shared_ptr<Range>& range, std::uint64_t bytes,
                                             const Call& call, bool in_turn);
  void Pump(Lock& lock);
  void Launch(Lock& lock, const std::shared_ptr<Range>& range, bool hedge);
  std::unique_ptr<PendingGet> Start(const std::shared_ptr<Range>& range, const std::shared_ptr<RangeAttempt>& attempt);
  bool OnBytes(const std::shared_ptr<Range>& range, RangeAttempt& attempt, std::span<const char> bytes);
  void OnDone(const std::shared_ptr<Range>& range, const std::shared_ptr<RangeAttempt>& attempt,
              const Result<ObjectInfo>& answer);
  void Learn(const Range& range, const RangeAttempt& attempt);
  void OnRetry(RangeAttempt& attempt, RetryCause cause);
  SteadyTime HedgeTime(const Range& range) const;
  void End(const std::shared_ptr<Range>& range, Range::Phase phase);
  void Fail(const std::shared_ptr<Range>& range, Error error);
  void Hold(Range& range);
  void Release(Range& range, std::size_t times);
  void Drop(Lock& lock, Attempts attempts);
  SteadyTime Now() const { return options_.clock(); }

  mutable std::mutex mutex_;
  StartRange start_;
  const RangeSchedulerOptions options_;
  // Not all of what is in flight has arrived.
  const std::shared_ptr<BufferPool> pool_ = std::make_shared<BufferPool>(options_.max_bytes / 4 * 3);
  FetchCaps caps_;
  TransferModel model_;
  RangeTurns turns_;
  std::unordered_set<std::shared_ptr<Range>> under_way_;
  RangeSchedulerStats stats_;  // its in_flight and held_bytes are what the caps are held against
  std::atomic<std::uint64_t> arrived_bytes_{0};
  bool closed_ = false;
  int outside_ = 0;  // threads in StartRange or in a PendingGet's destructor
  std::condition_variable none_outside_;
};

}  // namespace eider
