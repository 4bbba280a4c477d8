#include "engine/watchdog.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>

namespace eider {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// The watchdog's thread is asleep, or about to be, when each of these is added.
TEST(WatchdogTest, ADeadlineEarlierThanAllOthersIsKept) {
  Watchdog watchdog;
  const SteadyTime now = SystemSteadyClock()();
  const Watchdog::Guard far(watchdog, now + hours(1), [] { ADD_FAILURE(); });
  for (int i = 0; i < 100; ++i) {
    std::promise<void> late;
    const Watchdog::Guard near(watchdog, SystemSteadyClock()(), [&] { late.set_value(); });
    late.get_future().wait();
  }
}

TEST(WatchdogTest, ADeadlineBehindOneThatWasCalledOffIsKept) {
  Watchdog watchdog;
  for (int i = 0; i < 20; ++i) {
    const SteadyTime now = SystemSteadyClock()();
    std::optional<Watchdog::Guard> first;
    first.emplace(watchdog, now + milliseconds(2), [] {});
    std::promise<void> late;
    const Watchdog::Guard second(watchdog, now + milliseconds(4), [&] { late.set_value(); });
    first.reset();
    late.get_future().wait();
  }
}

}  // namespace
}  // namespace eider
