#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <future>

#include "base/log.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"

namespace eider {
namespace {

// One line on a terminal, at most five times a second.
class Progress {
 public:
  explicit Progress(bool shown) : shown_(shown), begun_(SystemSteadyClock()()), drawn_(begun_) {}
  ~Progress() {
    if (any_) fmt::print(stderr, "\r\033[K");
  }
  void Show(std::uint64_t bytes, std::optional<std::uint64_t> total) {
    const SteadyTime now = SystemSteadyClock()();
    if (!shown_ || now - drawn_ < std::chrono::milliseconds(200)) return;
    drawn_ = now;
    any_ = true;
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    const std::string rate = HumanBytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds));
    if (!total || *total == 0) {
      fmt::print(stderr, "\r\033[K{}  {}/s", HumanBytes(bytes), rate);
      return;
    }
    constexpr std::uint64_t kWidth = 30;
    const std::uint64_t filled = kWidth * bytes / *total;
    fmt::print(stderr, "\r\033[K[{}{}] {}%  {} of {}  {}/s", std::string(filled, '#'),
               std::string(kWidth - filled, ' '), 100 * bytes / *total, HumanBytes(bytes), HumanBytes(*total), rate);
  }

 private:
  const bool shown_;
  const SteadyTime begun_;
  SteadyTime drawn_;
  bool any_ = false;
};

Response Ask(Service& service, Request request) {
  std::promise<Response> answer;
  service.Handle(std::move(request), [&](Response response) { answer.set_value(std::move(response)); });
  return answer.get_future().get();
}

Request MakeRequest(const std::string& target) {
  Request request;
  const std::size_t question = target.find('?');
  request.path = (target.starts_with('/') ? "" : "/") + target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  request.id = "get";
  request.headers.push_back({"Accept-Encoding", "identity"});
  return request;
}

// What a problem+json says in its detail; the whole text where it is none.
Error ProblemOf(const Response& response) {
  const std::string marker = "\"detail\":\"";
  std::string detail = response.text;
  if (const auto begin = detail.find(marker); begin != std::string::npos) {
    const std::size_t from = begin + marker.size();
    std::string text;
    for (std::size_t i = from; i < detail.size() && detail[i] != '"'; ++i) {
      if (detail[i] == '\\' && i + 1 < detail.size()) ++i;
      text += detail[i];
    }
    detail = text;
  }
  ErrorKind kind = ErrorKind::kUnavailable;
  if (response.status < 500) kind = ErrorKind::kInvalid;
  if (response.status == 413 || response.status == 504) kind = ErrorKind::kExhausted;
  return {kind, detail, {}};
}

// Moves the body to the output, waiting where there is nothing yet.
Status Drain(Body& body, Output& output, std::uint64_t offset, Progress& progress) {
  std::mutex mutex;
  std::condition_variable changed;
  std::string buffer(256 * 1024, '\0');
  std::uint64_t bytes = offset;
  for (;;) {
    const auto piece = body.Read(buffer);
    if (!piece) return piece.error();
    if (piece->state == Body::State::kEnd) return {};
    if (piece->state == Body::State::kBytes) {
      if (auto status = output.Write(std::string_view(buffer).substr(0, piece->size)); !status) return status;
      bytes += piece->size;
      const auto size = body.size();
      progress.Show(bytes, size ? std::optional(offset + *size) : std::nullopt);
      continue;
    }
    bool ready = false;
    body.WhenReadable([&] {
      const std::lock_guard lock(mutex);
      ready = true;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ready; });
  }
}

}  // namespace

int Get(const LakeOptions& lake, const GetOptions& options) {
  SetLogLevel(LogLevel::kWarn);
  auto session = OpenSession(lake, Operator());
  if (!session) return Complain(session.error());
  Output output(options.output);
  Request request = MakeRequest(options.target);
  std::string etag;
  const std::uint64_t left = output.Resumable(etag);
  if (left > 0) {
    request.headers.push_back({"Range", fmt::format("bytes={}-", left)});
    request.headers.push_back({"If-Range", etag});
  }
  Response response = Ask(*session->service, request);
  if (response.status == 416 && left > 0) {  // the part is already whole, or longer than the result: begin again
    request.headers.resize(1);
    response = Ask(*session->service, request);
  }
  if (response.status >= 400) return Complain(ProblemOf(response));
  const std::uint64_t offset = response.status == 206 ? left : 0;
  if (auto status = output.Open(offset, response.Find("ETag")); !status) return Complain(status.error());
  if (response.body) {
    Progress progress(!options.quiet && ::isatty(STDERR_FILENO) == 1 &&
                      !(output.to_stdout() && ::isatty(STDOUT_FILENO)));
    if (auto status = Drain(*response.body, output, offset, progress); !status) {
      return Complain({status.error().kind, status.error().message + "; run the same command again to go on", {}});
    }
  } else if (auto status = output.Write(response.text); !status) {
    return Complain(status.error());
  }
  response.body.reset();
  if (auto status = output.Finish(); !status) return Complain(status.error());
  return 0;
}

}  // namespace eider
