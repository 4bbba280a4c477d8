// Spool: the bytes of one result, written once and read by many at their own speeds.
// The first bytes stay in memory, so that a small result needs no file; the rest goes to an unlinked file, which the
// kernel's page cache serves. The writer never waits for a reader: a query finishes at its own speed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "engine/sink.h"

namespace eider {

// Bytes that all spools of the process may hold on disk together. Thread-safe.
class SpoolQuota {
 public:
  explicit SpoolQuota(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  bool Take(std::uint64_t bytes);
  void Return(std::uint64_t bytes) { used_bytes_ -= bytes; }
  std::uint64_t used_bytes() const { return used_bytes_; }
  std::uint64_t limit_bytes() const { return limit_bytes_; }

 private:
  const std::uint64_t limit_bytes_;
  std::atomic<std::uint64_t> used_bytes_{0};
};

// How a finished result ended.
struct SpoolEnd {
  std::uint64_t rows = 0;
  std::uint64_t reads = 0;       // requests to the lake
  std::uint64_t read_bytes = 0;  // received for them
  std::uint64_t cache_hits = 0;  // ranges of it that were kept from before
  std::uint64_t row_groups = 0;  // of the objects that a remote lake was read for, as the next
  std::uint64_t row_groups_kept = 0;
  std::string next = {};  // of a page: the token of the page behind it, or empty
};

// One writer thread at a time; any number of readers on any threads.
class Spool final : public Sink {
 public:
  // `folder` takes the unlinked file. `make_room` is asked when the quota is full; true: try again.
  Spool(std::string folder, SpoolQuota& quota, std::function<bool()> make_room);
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Writer. kExhausted when the quota or the disk is full.
  Status Write(std::span<const char> bytes) override;
  Status Close() override { return {}; }
  void Finish(SpoolEnd end);
  void Fail(Error error);

  // Readers. What is there from `offset` on, at most out.size() bytes; 0: nothing yet, or the end.
  Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const;

  struct State {
    std::uint64_t size_bytes = 0;
    std::optional<SpoolEnd> end;  // finished
    std::optional<Error> error;   // failed; what was written before stays readable
  };
  State state() const;

  // Calls `ready` once when there are bytes at `offset` or the spool has ended; at once if that is so now. Wakes of a
  // reader who waits at the tail are gathered to kWakeBytes, the first of all comes at once. kUntilEnd waits for the
  // end.
  std::uint64_t Wait(std::uint64_t offset, std::function<void()> ready);
  // After this returns `ready` neither runs nor will run.
  void Forget(std::uint64_t ticket);

  static constexpr std::uint64_t kUntilEnd = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::size_t kHeadBytes = 64 * 1024;
  static constexpr std::size_t kWakeBytes = 128 * 1024;

 private:
  struct Waiter {
    std::uint64_t wake_at;  // bytes
    std::function<void()> ready;
  };

  Status WriteFile(std::span<const char> bytes, std::uint64_t offset);
  bool Ended() const { return end_ || error_; }
  void WakeLocked();

  const std::string folder_;
  SpoolQuota& quota_;
  const std::function<bool()> make_room_;

  mutable std::mutex mutex_;  // guards what follows but the bytes of file_, which are only ever appended
  std::string head_;
  int file_ = -1;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t taken_bytes_ = 0;  // of the quota
  std::optional<SpoolEnd> end_;
  std::optional<Error> error_;
  std::map<std::uint64_t, Waiter> waiters_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace eider
