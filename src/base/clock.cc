#include "base/clock.h"

#include <fmt/format.h>

namespace eider {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::weekday weekday;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
};

Civil ToCivil(WallTime time) {
  const auto day = floor<std::chrono::days>(time);
  return {day, std::chrono::weekday(day), std::chrono::hh_mm_ss(time - day)};
}

}  // namespace

SteadyClock SystemSteadyClock() {
  return [] { return std::chrono::steady_clock::now(); };
}

WallClock SystemWallClock() {
  return [] { return floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); };
}

std::string HttpDate(WallTime time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil c = ToCivil(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[c.weekday.c_encoding()], unsigned(c.date.day()),
                     kMonths[unsigned(c.date.month()) - 1], int(c.date.year()), c.time.hours().count(),
                     c.time.minutes().count(), c.time.seconds().count());
}

std::string Rfc3339(WallTime time) {
  const Civil c = ToCivil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(c.date.year()), unsigned(c.date.month()),
                     unsigned(c.date.day()), c.time.hours().count(), c.time.minutes().count(), c.time.seconds().count(),
                     c.time.subseconds().count());
}

}  // namespace eider
