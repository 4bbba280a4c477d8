#include "api/result_sweeper.h"

#include <condition_variable>
#include <mutex>

#include "api/result_link.h"
#include "base/log.h"

namespace eider {
namespace {

// One listing each: 144 a day, for less than a tenth of a cent at S3's prices.
constexpr std::chrono::minutes kPause{10};

void Sweep(ObjectStore& store, const WallClock& clock, std::stop_token stop) {
  Call call;
  call.stop = stop;
  const auto removed = RemoveEndedResults(store, clock(), call);
  if (removed || stop.stop_requested()) return;
  Log(LogLevel::kWarn, "results_not_removed", {{"message", std::string_view(removed.error().message)}});
}

}  // namespace

ResultSweeper::ResultSweeper(ObjectStore& store, WallClock clock)
    : thread_([&store, clock = std::move(clock)](std::stop_token stop) {
        std::mutex mutex;
        std::condition_variable_any paused;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
          Sweep(store, clock, stop);
          paused.wait_for(lock, stop, kPause, [] { return false; });
        }
      }) {}

}  // namespace eider
