#include "lambda/runtime_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/log.h"
#include "base/text.h"

namespace eider {
namespace {

constexpr const char* kNextPath = "/2018-06-01/runtime/invocation/next";
constexpr const char* kInitErrorPath = "/2018-06-01/runtime/init/error";

// What an API that fails is given to recover: 50 ms, doubled five times, 1.6 s in all. Lambda's own never does so
// without ending the process soon.
constexpr int kFailures = 6;
constexpr std::chrono::milliseconds kFirstPause{50};
// "Ask again" at once, again and again, would be a loop at full speed.
constexpr std::chrono::milliseconds kAgainPause{10};
constexpr std::chrono::seconds kInitErrorTime{5};

void Pause(std::chrono::milliseconds time, int stop_fd) { WaitFor(-1, 0, stop_fd, SystemSteadyClock()() + time); }

// From now to a deadline, which Lambda gives in milliseconds since 1970. Lambda's longest is 15 minutes, so what is a
// day off is none: cargo-lambda sends a constant.
std::optional<std::chrono::milliseconds> TimeLeft(std::string_view header) {
  constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
  const auto deadline_ms = ParseUint(header);
  if (!deadline_ms || *deadline_ms > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  const std::int64_t left_ms = static_cast<std::int64_t>(*deadline_ms) - SystemWallClock()().time_since_epoch().count();
  if (left_ms > kDayMs || left_ms < -kDayMs) return std::nullopt;
  return std::chrono::milliseconds(std::max<std::int64_t>(left_ms, 0));
}

}  // namespace

SteadyTime WorkUntil(SteadyTime now, SteadyTime deadline) {
  if (deadline == SteadyTime::max()) return deadline;
  const auto reserve = std::min<SteadyTime::duration>((deadline - now) / 10, std::chrono::milliseconds(500));
  return deadline - std::max(reserve, SteadyTime::duration(0));
}

RuntimeApi::RuntimeApi(RuntimeAddress address, int stop_fd) : connection_(std::move(address)), stop_fd_(stop_fd) {}

Result<LambdaInvocation> RuntimeApi::Read(RuntimeReply reply) const {
  LambdaInvocation invocation;
  invocation.id = reply.Find("Lambda-Runtime-Aws-Request-Id");
  if (invocation.id.empty()) {
    return Error{ErrorKind::kUnavailable, "Lambda's runtime API sent an invocation without an id", {}};
  }
  const SteadyTime now = SystemSteadyClock()();
  if (const auto left = TimeLeft(reply.Find("Lambda-Runtime-Deadline-Ms"))) {
    invocation.deadline = now + *left;
  } else {
    Log(LogLevel::kWarn, "no_deadline", {{"id", std::string_view(invocation.id)}});
  }
  invocation.work_until = WorkUntil(now, invocation.deadline);
  invocation.event_too_large = reply.body_too_large;
  invocation.event = std::move(reply.body);
  return invocation;
}

Result<LambdaInvocation> RuntimeApi::Next() {
  for (int failures = 0;;) {
    // As long as it takes: in between the machine may sleep for hours.
    auto reply = connection_.Ask("GET", kNextPath, {}, {}, {SteadyTime::max(), stop_fd_});
    if (!reply && reply.error().kind == ErrorKind::kCancelled) return reply.error();
    std::string failure;
    if (!reply) {
      failure = reply.error().message;
    } else if (reply->status == 204 || reply->status == 408) {
      Pause(kAgainPause, stop_fd_);
      continue;
    } else if (reply->status == 200) {
      auto invocation = Read(*std::move(reply));
      if (invocation) return invocation;
      failure = invocation.error().message;
    } else {
      failure = fmt::format("Lambda's runtime API answered {} when asked for the next invocation: {}", reply->status,
                            reply->body.substr(0, 500));
    }
    Log(LogLevel::kWarn, "no_invocation", {{"message", std::string_view(failure)}});
    if (++failures == kFailures) return Error{ErrorKind::kUnavailable, failure, {}};
    Pause(kFirstPause * (1 << (failures - 1)), stop_fd_);
  }
}

Status RuntimeApi::InitError(const FunctionError& error) {
  const auto reply = connection_.Ask(
      "POST", kInitErrorPath,
      {{"Content-Type", "application/json"}, {"Lambda-Runtime-Function-Error-Type", "Eider." + error.type}},
      ToJson(error), {SystemSteadyClock()() + kInitErrorTime, -1});
  return reply ? Status() : Status(reply.error());
}

}  // namespace eider
