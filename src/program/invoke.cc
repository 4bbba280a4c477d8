#include "program/invoke.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/log.h"
#include "base/unique_id.h"
#include "cli/session.h"
#include "cli/verbs.h"

namespace eider {
namespace {

class TerminalAnswer final : public InvocationAnswer {
 public:
  Status Respond(std::string_view, std::string_view payload) override {
    if (auto status = Write(payload); !status) return status;
    return payload.ends_with('\n') ? Status() : Write("\n");
  }
  Status Fail(const FunctionError& error) override {
    failed_ = true;
    return Respond({}, ToJson(error));
  }
  Status Begin(std::string_view) override { return {}; }
  Status Write(std::string_view chunk) override {
    if (std::fwrite(chunk.data(), 1, chunk.size(), stdout) == chunk.size()) return {};
    return Error{ErrorKind::kUnavailable, fmt::format("cannot write the answer: {}", std::strerror(errno)), {}};
  }
  Status End() override { return {}; }
  Status Break(const FunctionError& error) override {
    failed_ = true;
    fmt::print(stderr, "eider: the answer is cut: {}\n", error.message);
    return {};
  }

  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

Result<std::string> ReadEvent(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream input(file, std::ios::binary);
  if (!input) return NotFound(fmt::format("cannot read the event '{}': {}", file, std::strerror(errno)));
  text << input.rdbuf();
  return text.str();
}

}  // namespace

int InvokeLocal(const LakeOptions& lake, const LambdaOptions& options, const std::string& event_file) {
  SetLogLevel(LogLevel::kWarn);
  LambdaInvocation invocation;
  invocation.id = UniqueId();
  auto event = ReadEvent(event_file);
  if (!event) return Complain(event.error());
  invocation.event = *std::move(event);
  auto session = OpenFunction(lake, options);
  if (!session) return Complain(session.error());
  TerminalAnswer answer;
  Function(*session->service, OptionsOf(lake, options)).Invoke(invocation, answer);
  if (std::fflush(stdout) != 0) return Complain(Error{ErrorKind::kUnavailable, std::strerror(errno), {}});
  return answer.failed() ? 1 : 0;
}

}  // namespace eider
