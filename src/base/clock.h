// Time, passed in wherever a decision depends on it, so that tests need no sleep.
#pragma once

#include <chrono>
#include <functional>
#include <string>

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

}  // namespace eider
