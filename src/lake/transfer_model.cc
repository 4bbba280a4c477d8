#include "lake/transfer_model.h"

#include <algorithm>

namespace eider {
namespace {

// The last 16 or so samples count: a hundred GETs are soon done, and one odd sample must not swing the plan.
constexpr double kWeight = 1.0 / 16;
// One sample moves an average by no more than a few times the average: a GC pause is no change of the network.
constexpr double kLargestStep = 4;
// A shorter body arrives with its head, and says nothing of bandwidth.
constexpr std::uint64_t kLongEnough = 256 << 10;

constexpr std::uint64_t kLeastGap = 16 << 10;  // less than a request's own head and CPU cost; DuckDB merges these too
constexpr std::uint64_t kLargestGap = 4 << 20;
constexpr std::uint64_t kGapsASplit = 8;
constexpr std::uint64_t kLeastSplit = 1 << 20;  // so that a request's price stays small beside its bytes
constexpr std::uint64_t kLargestSplit = 16 << 20;
constexpr std::uint64_t kSplitsInFlight = 8;

// With fewer samples a 99th percentile means nothing.
constexpr std::size_t kEnoughSamples = 100;
// A hedge sooner could hardly be faster than what it is to overtake.
constexpr double kSoonestLate_s = 0.050;

void Approach(double& average, double sample) {
  average += kWeight * (std::min(sample, average * kLargestStep) - average);
}

}  // namespace

void TransferModel::Add(std::uint64_t bytes, Seconds to_first_byte, Seconds to_last_byte) {
  AddRatio(to_last_byte / Expected(bytes));
  // Neither may reach 0, of which nothing grows any more.
  Approach(latency_s_, std::max(to_first_byte.count(), 1e-5));
  if (bytes >= kLongEnough) {
    const double body_s = (to_last_byte - to_first_byte).count();
    Approach(s_per_byte_, std::max(body_s / static_cast<double>(bytes), 1e-11));
  }
}

void TransferModel::AddRatio(double ratio) {
  ratios_[samples_ % kRatios] = static_cast<float>(ratio);
  ++samples_;
  if (samples_ < kEnoughSamples || samples_ % 16 != 0) return;
  std::array<float, kRatios> sorted = ratios_;
  const std::size_t count = std::min(samples_, kRatios);
  const std::size_t rank = count - 1 - count / 100;
  std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.begin() + count);
  late_ratio_ = sorted[rank];
}

TransferModel::Seconds TransferModel::Expected(std::uint64_t bytes) const {
  return Seconds(latency_s_ + s_per_byte_ * static_cast<double>(bytes));
}

std::uint64_t TransferModel::GapBytes() const {
  return std::clamp(static_cast<std::uint64_t>(latency_s_ / s_per_byte_), kLeastGap, kLargestGap);
}

std::uint64_t TransferModel::SplitBytes(std::uint64_t byte_cap) const {
  const auto wanted = std::clamp(kGapsASplit * GapBytes(), kLeastSplit, kLargestSplit);
  return std::max(kLeastSplit, std::min(wanted, byte_cap / kSplitsInFlight));
}

std::optional<TransferModel::Seconds> TransferModel::LateAfter(std::uint64_t bytes) const {
  if (late_ratio_ == 0) return std::nullopt;
  return std::max(Seconds(kSoonestLate_s), Expected(bytes) * late_ratio_);
}

}  // namespace eider
