#include "engine/wait_for_result.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace eider {
namespace {

constexpr std::chrono::milliseconds kTelling{100};

// From a thread of its own: the one that runs the statement may be within one task for as long as that takes.
std::jthread TellProgress(duckdb::ClientContext& context, const std::function<void(double)>& tell) {
  if (!tell) return {};
  return std::jthread([&context, &tell](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      stopped.wait_for(lock, stop, kTelling, [] { return false; });
      tell(context.GetQueryProgress().GetPercentage() / 100);
    }
  });
}

}  // namespace

void WaitForResult(duckdb::PendingQueryResult& pending, duckdb::ClientContext& context,
                   const std::function<void(double)>& on_progress) {
  constexpr std::chrono::microseconds kShortest{20};
  constexpr std::chrono::microseconds kLongest{1000};
  const std::jthread teller = TellProgress(context, on_progress);
  auto pause = kShortest;
  for (;;) {
    const auto state = pending.ExecuteTask();
    if (duckdb::PendingQueryResult::IsResultReady(state)) return;
    const bool idle =
        state == duckdb::PendingExecutionResult::NO_TASKS_AVAILABLE || state == duckdb::PendingExecutionResult::BLOCKED;
    if (!idle) {
      pause = kShortest;
      continue;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongest);
  }
}

}  // namespace eider
