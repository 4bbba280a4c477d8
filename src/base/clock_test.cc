#include "base/clock.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(ClockTest, WritesTheDateOfRfc9110) {
  const WallTime time{std::chrono::seconds(784111777)};
  EXPECT_EQ(HttpDate(time), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(Rfc3339(time + std::chrono::milliseconds(5)), "1994-11-06T08:49:37.005Z");
}

TEST(ClockTest, WritesTimesBeforeTheEpoch) {
  EXPECT_EQ(Rfc3339(WallTime{std::chrono::milliseconds(-1)}), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace eider
