#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <future>

#include "base/log.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/problem.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/verbs.h"

namespace eider {
namespace {

void ShowProgress(Progress& progress, std::uint64_t bytes, std::uint64_t total) {
  if (!progress.due()) return;
  const auto rate = HumanBytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / progress.seconds()));
  if (total == 0) return progress.Show(-1, fmt::format("{}  {}/s", HumanBytes(bytes), rate));
  progress.Show(static_cast<double>(bytes) / static_cast<double>(total),
                fmt::format("{} of {}  {}/s", HumanBytes(bytes), HumanBytes(total), rate));
}

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
      ShowProgress(progress, bytes, size ? offset + *size : 0);
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
  if (options.target.find("://") < options.target.find('?')) {
    return Complain(
        Invalid("get reads a lake itself: NAME.FORMAT?PARAMETERS, with --lake; a server's URL is for curl, or "
                "for eider query --remote"));
  }
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
  if (response.status >= 400) return Complain(ProblemError(response.status, response.text));
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
