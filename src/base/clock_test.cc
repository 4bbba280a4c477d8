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

TEST(ClockTest, ReadsWhatItWrites) {
  const WallTime time{std::chrono::milliseconds(784111777005)};
  EXPECT_EQ(ParseRfc3339(Rfc3339(time)), time);
  EXPECT_EQ(ParseRfc3339("1994-11-06T08:49:37Z"), time - std::chrono::milliseconds(5));
  EXPECT_EQ(ParseRfc3339("2028-02-29"), WallTime(std::chrono::sys_days(std::chrono::year(2028) / 2 / 29)));
  for (const char* wrong : {"", "2027", "2027-02-29", "2027-13-01", "2027-1-01", "2027-01-01T", "2027-01-01T24:00:00Z",
                            "2027-01-01T10:00:00", "2027-01-01T10:00:00+01:00", "2027-01-01T10:00:00.Z", "+027-01-01",
                            "2027-01-01 10:00:00Z", "2027-01-01Z", "9999999-01-01"}) {
    EXPECT_EQ(ParseRfc3339(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace eider
