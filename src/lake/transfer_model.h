// What GETs have cost so far, and what follows from it: which gaps to read over, which ranges to split, and when a GET
// is late. A GET of n bytes is taken to cost `latency + n x seconds per byte`; both are learnt from GETs that were not
// retried. Bandwidth is that of one request among those beside it, not of a lone one: when the line is full, each gets
// less, and a byte that nobody wants costs more. Not thread-safe; no I/O, no time of its own.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace eider {

class TransferModel {
 public:
  using Seconds = std::chrono::duration<double>;

  // A GET that was answered at once and whole.
  void Add(std::uint64_t bytes, Seconds to_first_byte, Seconds to_last_byte);

  Seconds latency() const { return Seconds(latency_s_); }
  double bytes_per_s() const { return 1 / s_per_byte_; }
  Seconds Expected(std::uint64_t bytes) const;

  // As many bytes as arrive while one request waits for its first: reading over a gap up to this size is cheaper than
  // a second request. 30 ms x 50 MiB/s = 1.5 MiB on an object store, a few pages on a store in the same rack.
  std::uint64_t GapBytes() const;

  // Of a range this long the wait for the first byte is a ninth; longer ones would only hold more memory each, and so
  // leave fewer in flight: 12 MiB at 30 ms and 50 MiB/s. `byte_cap`: at least eight must fit.
  std::uint64_t SplitBytes(std::uint64_t byte_cap) const;

  // How long a GET may take before it is late: as 99 of 100 did not, beside what its length explains. nullopt before
  // there are samples enough to say so.
  std::optional<Seconds> LateAfter(std::uint64_t bytes) const;

 private:
  static constexpr std::size_t kRatios = 256;  // the 99th percentile is the third largest of them

  void AddRatio(double ratio);

  // Until measured: S3 within a region.
  double latency_s_ = 0.030;
  double s_per_byte_ = 1.0 / (50 << 20);
  std::array<float, kRatios> ratios_{};  // actual / expected of the last GETs, a ring
  std::size_t samples_ = 0;
  double late_ratio_ = 0;
};

}  // namespace eider
