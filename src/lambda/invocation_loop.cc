#include "lambda/invocation_loop.h"

#include <mutex>
#include <thread>
#include <vector>

#include "lambda/runtime_answer.h"
#include "lambda/shutdown_notice.h"

namespace eider {
namespace {

// For a cancelled query to end: it is interrupted within the work on one vector, which is milliseconds of a core.
// Lambda's deadline is near then, and does not count: whatever Lambda does about that, the next invocation has the time
// for itself.
constexpr std::chrono::seconds kSettleTime{5};

Status RunOneAfterAnother(Function& function, const LoopOptions& options) {
  RuntimeApi api(options.address, options.function.stop_fd);
  for (;;) {
    const auto invocation = api.Next();
    if (!invocation && invocation.error().kind == ErrorKind::kCancelled) return {};
    if (!invocation) return invocation.error();
    RuntimeAnswer answer(api.connection(), *invocation);
    if (!function.Invoke(*invocation, answer)) return {};
    if (options.settle) options.settle(SystemSteadyClock()() + kSettleTime);
  }
}

}  // namespace

Status RunInvocations(Handler& handler, const LoopOptions& options) {
  const ShutdownNotice notice(options.address);
  Function function(handler, options.function);
  std::mutex mutex;
  Status first;  // what went wrong
  std::vector<std::jthread> others;
  const auto run = [&] {
    const auto status = RunOneAfterAnother(function, options);
    const std::lock_guard lock(mutex);
    if (!status && first) first = status;
  };
  for (int i = 1; i < options.concurrency; ++i) others.emplace_back(run);
  run();
  others.clear();  // waits for them
  return first;
}

}  // namespace eider
