#include "object/retry.h"

#include <algorithm>
#include <cmath>

namespace eider {

std::optional<std::chrono::milliseconds> RetryDelay(const RetryPolicy& policy, int failed, const Failure& failure,
                                                    double chance) {
  if (!failure.retryable || failed >= policy.attempts) return std::nullopt;
  if (failure.retry_after) {
    if (*failure.retry_after > policy.longest_wish) return std::nullopt;
    if (failure.retry_after->count() > 0) return failure.retry_after;
  }
  const double doubled = static_cast<double>(policy.first_delay.count()) * std::pow(2.0, failed - 1);
  const double longest = std::min(doubled, static_cast<double>(policy.longest_delay.count()));
  return std::chrono::milliseconds(static_cast<std::int64_t>(longest * chance));
}

bool RetryBudget::Take(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const double seconds = std::chrono::duration<double>(now - filled_).count();
  if (seconds > 0) tokens_ = std::min(kTokens, tokens_ + seconds * kTokensPerSecond);
  filled_ = std::max(filled_, now);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace eider
