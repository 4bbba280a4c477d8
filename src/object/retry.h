// Whether and when to try again. Time and chance are passed in.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace eider {

// Why one attempt failed, for whoever decides what to do next.
struct Failure {
  Error error;
  bool retryable = false;
  bool ambiguous = false;                                // the server may have done what was asked
  std::optional<std::chrono::milliseconds> retry_after;  // the server's wish
  bool overload = false;                                 // the server asks for less
  bool renew_credentials = false;                        // these have run out; others may be had by now
};

struct RetryPolicy {
  int attempts = 6;  // without progress in between; the delays below sum to 1.5 s on average
  std::chrono::milliseconds first_delay{100};
  std::chrono::milliseconds longest_delay{5000};
  std::chrono::milliseconds longest_wish{20000};  // a Retry-After beyond it is not waited for
};

// The delay before attempt `failed` + 1 when `failed` attempts (>= 1) have failed; nullopt to give up. `chance` in
// [0, 1) spreads the retries of many clients over the whole delay ("full jitter").
std::optional<std::chrono::milliseconds> RetryDelay(const RetryPolicy& policy, int failed, const Failure& failure,
                                                    double chance);

// Keeps retries from multiplying the load on a store that is down: a bucket of tokens, one a retry, refilled with
// time. Large enough for every one of several hundred requests in flight to fail once together. Thread-safe.
class RetryBudget {
 public:
  static constexpr double kTokens = 1000;
  static constexpr double kTokensPerSecond = 100;

  bool Take(SteadyTime now);

 private:
  std::mutex mutex_;
  double tokens_ = kTokens;
  SteadyTime filled_{};
};

}  // namespace eider
