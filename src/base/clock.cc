#include "base/clock.h"

#include <fmt/format.h>

#include "base/text.h"

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

// Takes `digits` digits and the character behind them, if one is given, from the front of `text`.
std::optional<unsigned> TakeNumber(std::string_view& text, std::size_t digits, char behind = 0) {
  const std::size_t length = digits + (behind != 0 ? 1 : 0);
  if (text.size() < length || (behind != 0 && text[digits] != behind)) return std::nullopt;
  const auto number = ParseUint(text.substr(0, digits));
  text.remove_prefix(length);
  return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}

std::optional<WallTime> ParseDate(std::string_view& text) {
  const auto year = TakeNumber(text, 4, '-');
  const auto month = year ? TakeNumber(text, 2, '-') : std::nullopt;
  const auto day = month ? TakeNumber(text, 2) : std::nullopt;
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date));
}

}  // namespace

std::optional<WallTime> ParseRfc3339(std::string_view text) {
  const auto date = ParseDate(text);
  if (!date || text.empty()) return date;
  if (text.front() != 'T') return std::nullopt;
  text.remove_prefix(1);
  const auto hour = TakeNumber(text, 2, ':');
  const auto minute = hour ? TakeNumber(text, 2, ':') : std::nullopt;
  const auto second = minute ? TakeNumber(text, 2) : std::nullopt;
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  unsigned milliseconds = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto fraction = TakeNumber(text, 3);
    if (!fraction) return std::nullopt;
    milliseconds = *fraction;
  }
  if (text != "Z") return std::nullopt;
  return *date + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
         std::chrono::milliseconds(milliseconds);
}

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
