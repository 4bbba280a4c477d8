// The two caps that hold a scheduler's requests back, each moved by what happens. Not thread-safe; time is passed in.
//
// Requests in flight: additive increase, multiplicative decrease, as TCP does. Bandwidth x (30 ms + 20 ms/MiB) / size
// is what fills a line: 1 GiB/s takes 100 requests of 512 KiB, 40 of 4 MiB; the cap on bytes is reached first for large
// ones. What the store can bear is known only by its refusals.
//
// Bytes in flight or ready: room for what the network brings while readers compute. A reader that had to wait says that
// more should be under way, one that found its bytes says that less would do.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace eider {

class FetchCaps {
 public:
  FetchCaps(int max_requests, std::uint64_t max_bytes);

  int requests() const { return static_cast<int>(requests_); }
  std::uint64_t bytes() const { return bytes_; }

  // A request ended well while `in_flight` were, itself included.
  void OnSuccess(int in_flight, SteadyTime now);
  void OnSlowDown(SteadyTime now);

  void OnReaderWaited(std::uint64_t bytes);
  void OnReaderServed(std::uint64_t bytes);

 private:
  bool JustCut(SteadyTime now) const;

  const double max_requests_;
  const std::uint64_t max_bytes_;
  double requests_;
  std::uint64_t bytes_;
  std::optional<SteadyTime> cut_at_;
};

}  // namespace eider
