#include "lake/fetch_caps.h"

#include <algorithm>

namespace eider {
namespace {

constexpr double kLeastRequests = 4;
// Requests refused together are retried within 100 to 400 ms, and some refused again: all that is one signal.
constexpr std::chrono::seconds kBetweenCuts{1};

// Two requests of the usual size: one that is read while the next arrives.
constexpr std::uint64_t kLeastBytes = 16 << 20;
// Up fast, for a waiting reader is time lost; down slowly, for held bytes are only memory.
constexpr std::uint64_t kGrowth = 2;
constexpr std::uint64_t kShrinkage = 16;

}  // namespace

FetchCaps::FetchCaps(int max_requests, std::uint64_t max_bytes)
    : max_requests_(std::max(max_requests, 1)), max_bytes_(max_bytes), requests_(max_requests_), bytes_(max_bytes) {}

bool FetchCaps::JustCut(SteadyTime now) const { return cut_at_ && now < *cut_at_ + kBetweenCuts; }

void FetchCaps::OnSuccess(int in_flight, SteadyTime now) {
  // A cap that nothing reached has not been tried, nor has one that more were under way than it allows.
  if (in_flight < requests() || JustCut(now)) return;
  requests_ = std::min(max_requests_, requests_ + 1 / requests_);
}

void FetchCaps::OnSlowDown(SteadyTime now) {
  if (JustCut(now)) return;
  cut_at_ = now;
  requests_ = std::min(max_requests_, std::max(kLeastRequests, requests_ / 2));
}

void FetchCaps::OnReaderWaited(std::uint64_t bytes) { bytes_ = std::min(max_bytes_, bytes_ + kGrowth * bytes); }

void FetchCaps::OnReaderServed(std::uint64_t bytes) {
  const std::uint64_t least = std::min(kLeastBytes, max_bytes_);
  bytes_ = std::max(least, bytes_ - std::min(bytes_, bytes / kShrinkage));
}

}  // namespace eider
