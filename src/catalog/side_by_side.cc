#include "catalog/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace eider {
namespace {

Status CheckAlive(const Call& call) {
  if (call.stop.stop_requested()) return Error{ErrorKind::kCancelled, "cancelled", {}};
  if (call.deadline != SteadyTime::max() && SystemSteadyClock()() >= call.deadline) {
    return Error{ErrorKind::kTimeout, "timed out while looking at the objects of the dataset", {}};
  }
  return {};
}

}  // namespace

Status SideBySide(std::size_t count, int threads, const Call& call, const std::function<Status(std::size_t)>& step) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::size_t failed_index = count;
  std::optional<Error> error;
  const auto run = [&] {
    for (std::size_t i = next++; i < count && !failed; i = next++) {
      auto status = CheckAlive(call);
      if (status) status = step(i);
      if (status) continue;
      const std::lock_guard lock(mutex);
      failed = true;
      if (i > failed_index) continue;
      failed_index = i;
      error = status.error();
    }
  };
  {
    std::vector<std::jthread> others;
    const auto wanted = std::min<std::size_t>(count, static_cast<std::size_t>(std::max(threads, 1)));
    for (std::size_t i = 1; i < wanted; ++i) others.emplace_back(run);
    run();
  }
  return error ? Status(*error) : Status();
}

}  // namespace eider
