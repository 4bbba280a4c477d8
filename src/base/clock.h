// Time, passed in wherever a decision depends on it, so that tests need no sleep.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace eider {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Answers the present; the default asks the system.
using SteadyClock = std::function<SteadyTime()>;
using WallClock = std::function<WallTime()>;

SteadyClock SystemSteadyClock();
WallClock SystemWallClock();

// RFC 9110 IMF-fixdate, e.g. "Sun, 06 Nov 1994 08:49:37 GMT". Always UTC, whatever the locale.
std::string HttpDate(WallTime time);

// RFC 3339 in UTC with milliseconds, e.g. "1994-11-06T08:49:37.000Z".
std::string Rfc3339(WallTime time);

// What Rfc3339 writes, with or without milliseconds, or a date alone, which is its midnight in UTC. Nullopt otherwise.
std::optional<WallTime> ParseRfc3339(std::string_view text);

}  // namespace eider
