// RangeScheduler: fetches the ranges that statements are going to read, side by side and ahead of their readers.
//
// One for each lake. Each range is one GET with If-Match, whose bytes can be read as they arrive and given back as they
// were read. Ranges of one statement start in the order of their positions, statements take
// turns, a range that somebody waits for starts at once. Two caps hold the rest back: on requests in flight, which
// adapts to what the store refuses, and on bytes in flight or not yet given back, which adapts to how far ahead of its
// readers the network is. A GET that is late is repeated beside itself ("hedged") once a reader waits for it; whichever
// is whole first wins, and bytes of the two are never mixed.
//
// Knows neither S3 nor DuckDB. All of it is thread-safe; nothing here has a thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "object/object_store.h"

namespace eider {

// ObjectStore::StartGet, or a test's stand-in with the same contract.
using StartRange = std::function<std::unique_ptr<PendingGet>(const GetRequest&, ByteConsumer, GetDone, const Call&)>;

// Order of a range among those of its statement: lower is fetched first.
using ScanPosition = std::uint64_t;

struct RangeSchedulerOptions {
  int max_requests = 128;                 // in flight; reached while the store does not refuse
  std::uint64_t max_bytes = 64ull << 20;  // in flight or ready, but for ranges that somebody waits for
  SteadyClock clock = SystemSteadyClock();
};

struct RangeSchedulerStats {
  std::uint64_t requests = 0;  // GETs started, hedges included; retries within one are not
  std::uint64_t bytes = 0;     // that arrived, whatever became of the range
  std::uint64_t retries = 0;
  std::uint64_t slow_downs = 0;  // of these retries, those because the store asked for less
  std::uint64_t hedges = 0;
  std::uint64_t hedges_won = 0;
  std::uint64_t cancelled = 0;  // ranges destroyed before they were ready
  std::uint64_t waits = 0;      // of readers whose range was not ready
  std::chrono::duration<double> waited{};
  std::chrono::duration<double> latency{};  // measured: to the first byte of a GET, on an average
  double bytes_per_s = 0;                   // measured: of one GET among those beside it
  std::uint64_t queued = 0;                 // now, as what follows
  std::uint64_t in_flight = 0;
  std::uint64_t held_bytes = 0;
  std::uint64_t request_cap = 0;
  std::uint64_t byte_cap = 0;
};

// One wanted range of a pinned object. Its bytes stay in memory until they are given back or it is destroyed.
class ScheduledRange {
 public:
  // Not ready yet: cancelled, whether queued or under way. Gives its bytes back to the budget.
  ~ScheduledRange();
  ScheduledRange(const ScheduledRange&) = delete;
  ScheduledRange& operator=(const ScheduledRange&) = delete;

  // OK once all bytes are here, or why they never will be: the store's own error (kConflict and kNotFound mean that the
  // object is no longer the pinned one), kCancelled after the scheduler's end; or the bounds of `call`, which end only
  // this wait. Several threads may wait. A range still queued starts at once, beyond both caps if need be: a reader
  // never waits for bytes that nobody reads.
  Status Wait(const Call& call);
  // The same without hurry: a queued range starts when its turn comes, however long the caps hold it back.
  Status WaitInTurn(const Call& call);

  // Fills `out` from `at`, counted from the range's begin, as soon as these bytes are here: what a GET has brought is
  // right (its head was judged, and TCP keeps order), whatever becomes of the rest. Otherwise as Wait. The span must
  // lie within the range, and nothing of it may have been given back.
  Status Read(std::uint64_t at, std::span<char> out, const Call& call);
  // Nobody will read these bytes again. At most once for each byte.
  void GiveBack(std::uint64_t at, std::uint64_t length);

  // Whether Wait would answer at once.
  bool ready() const;
  // Whether its GET was not started yet.
  bool queued() const;

  std::uint64_t length() const;

  struct State;

 private:
  friend class RangeScheduler;
  explicit ScheduledRange(std::shared_ptr<State> state);
  const std::shared_ptr<State> state_;
};

class RangeDispatcher;
struct StatementRanges;

class RangeScheduler {
 public:
  RangeScheduler(StartRange start, RangeSchedulerOptions options);
  // Waits for calls of StartRange that are running; then ends all reads. Ranges may outlive it: those that were not
  // ready answer kCancelled. Not on a thread that StartRange calls back on.
  ~RangeScheduler();
  RangeScheduler(const RangeScheduler&) = delete;
  RangeScheduler& operator=(const RangeScheduler&) = delete;

  // Ranges of one statement; statements take turns.
  class Queue {
   public:
    // The span must lie within the object; otherwise Wait answers kInvalid. One of no bytes is ready at once.
    std::shared_ptr<ScheduledRange> Add(const ObjectInfo& object, std::uint64_t offset, std::uint64_t length,
                                        ScanPosition position);

   private:
    friend class RangeScheduler;
    explicit Queue(std::shared_ptr<RangeDispatcher> dispatcher);
    const std::shared_ptr<RangeDispatcher> dispatcher_;
    const std::shared_ptr<StatementRanges> ranges_;
  };
  std::shared_ptr<Queue> NewQueue();

  // What a gap of unwanted bytes between two wanted ranges may cost at most before two requests are cheaper, and the
  // size above which a range is better split, from the latency and bandwidth measured so far.
  std::uint64_t gap_bytes() const;
  std::uint64_t split_bytes() const;

  // Whether ranges wait for memory that others hold.
  bool short_of_memory() const;

  RangeSchedulerStats stats() const;

 private:
  const std::shared_ptr<RangeDispatcher> dispatcher_;
};

}  // namespace eider
