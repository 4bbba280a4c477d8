#include "lambda/shutdown_notice.h"

#include "base/log.h"

namespace eider {
namespace {

constexpr const char* kRegisterPath = "/2020-01-01/extension/register";
constexpr const char* kNextEventPath = "/2020-01-01/extension/event/next";
constexpr std::chrono::seconds kRegisterTime{1};

}  // namespace

ShutdownNotice::ShutdownNotice(const RuntimeAddress& address) : connection_(address) {
  const auto registered =
      connection_.Ask("POST", kRegisterPath, {{"Content-Type", "application/json"}, {"Lambda-Extension-Name", "eider"}},
                      R"({"events":[]})", {SystemSteadyClock()() + kRegisterTime, -1});
  const std::string id(registered ? registered->Find("Lambda-Extension-Identifier") : std::string_view());
  if (!registered || registered->status != 200 || id.empty()) {
    Log(LogLevel::kDebug, "no_extension");
    return;
  }
  waiting_ = std::thread([this, id] {
    const auto event = connection_.Ask("GET", kNextEventPath, {{"Lambda-Extension-Identifier", id}}, {},
                                       {SteadyTime::max(), leave_.fd()});
    if (event) Log(LogLevel::kDebug, "extension_event", {{"status", std::int64_t{event->status}}});
  });
}

ShutdownNotice::~ShutdownNotice() {
  leave_.Waker()();
  if (waiting_.joinable()) waiting_.join();
}

}  // namespace eider
