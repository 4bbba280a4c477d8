#include "catalog/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace eider {
namespace {

TEST(SingleFlightTest, EqualKeysShareOneRun) {
  SingleFlight<int> flights;
  std::atomic<int> runs{0};
  std::promise<void> entered;
  std::promise<void> leave;
  std::jthread first([&] {
    EXPECT_EQ(*flights.Do("k", {},
                          [&]() -> Result<int> {
                            ++runs;
                            entered.set_value();
                            leave.get_future().wait();
                            return 7;
                          }),
              7);
  });
  entered.get_future().wait();
  std::jthread second([&] { EXPECT_EQ(*flights.Do("k", {}, [&]() -> Result<int> { return ++runs; }), 7); });
  EXPECT_EQ(*flights.Do("other", {}, []() -> Result<int> { return 1; }), 1);
  Call hurried;
  hurried.deadline = SteadyTime::min() + std::chrono::hours(1);
  EXPECT_EQ(flights.Do("k", hurried, [&]() -> Result<int> { return 0; }).error().kind, ErrorKind::kTimeout);
  std::stop_source stop;
  stop.request_stop();
  Call stopped;
  stopped.stop = stop.get_token();
  EXPECT_EQ(flights.Do("k", stopped, [&]() -> Result<int> { return 0; }).error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(runs, 1);
  runs = 6;  // a second that comes only after the landing runs its own work, which then answers 7 too
  leave.set_value();
}

TEST(SingleFlightTest, AnotherDoesTheWorkWhenTheFirstGaveUp) {
  SingleFlight<int> flights;
  std::promise<void> entered;
  std::promise<void> leave;
  std::jthread first([&] {
    const auto result = flights.Do("k", {}, [&]() -> Result<int> {
      entered.set_value();
      leave.get_future().wait();
      return Error{ErrorKind::kCancelled, "cancelled", {}};
    });
    EXPECT_FALSE(result.ok());
  });
  entered.get_future().wait();
  std::jthread second([&] { EXPECT_EQ(*flights.Do("k", {}, []() -> Result<int> { return 3; }), 3); });
  leave.set_value();
}

}  // namespace
}  // namespace eider
