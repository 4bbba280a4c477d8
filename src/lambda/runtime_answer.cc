#include "lambda/runtime_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace eider {
namespace {

constexpr const char* kResponse = "response";
constexpr const char* kError = "error";
constexpr const char* kErrorType = "Lambda-Runtime-Function-Error-Type";
constexpr const char* kErrorBody = "Lambda-Runtime-Function-Error-Body";

// Lambda's longest invocation, where none was told.
constexpr std::chrono::minutes kLongest{15};
// Behind the deadline: Lambda itself is a little late at times, and an emulator has none that it would enforce.
constexpr std::chrono::seconds kGrace{1};

SteadyTime PostUntil(const LambdaInvocation& invocation) {
  const SteadyTime now = SystemSteadyClock()();
  return std::max(std::min(invocation.deadline, now + kLongest), now) + kGrace;
}

// "Category.Reason", as Lambda recommends.
std::string Category(const FunctionError& error) { return "Eider." + error.type; }

Error Refusal(const RuntimeReply& reply) {
  const auto kind = reply.status == 413 ? ErrorKind::kExhausted : ErrorKind::kUnavailable;
  return {kind,
          fmt::format("Lambda's runtime API answered {} to the function's answer: {}", reply.status,
                      reply.body.substr(0, 500)),
          {}};
}

}  // namespace

RuntimeAnswer::RuntimeAnswer(RuntimeConnection& connection, const LambdaInvocation& invocation)
    : connection_(connection), invocation_(invocation), post_until_(PostUntil(invocation)) {}

std::string RuntimeAnswer::Path(const char* what) const {
  return fmt::format("/2018-06-01/runtime/invocation/{}/{}", PercentEncode(invocation_.id, false), what);
}

// Of one invocation the API takes one answer, so an answer whose fate is unknown may be sent again.
Status RuntimeAnswer::Post(const char* what, const std::vector<Header>& headers, std::string_view body) {
  auto reply = connection_.Ask("POST", Path(what), headers, body, {post_until_, -1});
  if (!reply && reply.error().kind == ErrorKind::kUnavailable) {
    reply = connection_.Ask("POST", Path(what), headers, body, {post_until_, -1});
  }
  if (!reply) return reply.error();
  return reply->status / 100 == 2 ? Status() : Status(Refusal(*reply));
}

Status RuntimeAnswer::Respond(std::string_view content_type, std::string_view payload) {
  const auto posted = Post(kResponse, {{"Content-Type", std::string(content_type)}}, payload);
  if (posted) return {};
  // An answer that was refused can still be an error that says so; whether that arrives is not known better.
  if (const auto failed = Fail(FunctionErrorOf(posted.error())); !failed) return failed;
  return posted;
}

Status RuntimeAnswer::Fail(const FunctionError& error) {
  return Post(kError, {{"Content-Type", "application/json"}, {kErrorType, Category(error)}}, ToJson(error));
}

Status RuntimeAnswer::Begin(std::string_view content_type) {
  auto status = connection_.Start("POST", Path(kResponse),
                                  {{"Content-Type", std::string(content_type)},
                                   {"Lambda-Runtime-Function-Response-Mode", "streaming"},
                                   {"Transfer-Encoding", "chunked"},
                                   {"Trailer", fmt::format("{}, {}", kErrorType, kErrorBody)}},
                                  {post_until_, -1});
  if (!status) connection_.Close();
  return status;
}

// A client that takes its time is waited for until the work must end.
Status RuntimeAnswer::Write(std::string_view chunk) {
  return SendPiece(fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk), std::min(invocation_.work_until, post_until_));
}

Status RuntimeAnswer::SendPiece(std::string_view bytes, SteadyTime deadline) {
  const auto sent = connection_.Send(bytes, {deadline, -1}, /*heed_reply=*/!taken_);
  unsent_ = bytes;
  if (sent && *sent) return {};
  if (!sent) {
    if (sent.error().kind != ErrorKind::kTimeout) connection_.Close();
    return sent.error();
  }
  const auto reply = connection_.Receive({post_until_, -1});
  if (reply && reply->status / 100 == 2) {
    taken_ = true;
    return SendPiece(bytes, deadline);
  }
  connection_.Close();
  return reply ? Refusal(*reply) : reply.error();
}

Status RuntimeAnswer::Finish(std::string_view last) {
  if (auto status = SendPiece(unsent_ + std::string(last), post_until_); !status) {
    connection_.Close();
    return status;
  }
  if (taken_) {
    connection_.Close();
    return {};
  }
  const auto reply = connection_.Receive({post_until_, -1});
  connection_.Close();  // "after it has successfully written the response", Lambda's guide to custom runtimes
  if (!reply) return reply.error();
  return reply->status / 100 == 2 ? Status() : Status(Refusal(*reply));
}

Status RuntimeAnswer::End() { return Finish("0\r\n\r\n"); }

Status RuntimeAnswer::Break(const FunctionError& error) {
  return Finish(
      fmt::format("0\r\n{}: {}\r\n{}: {}\r\n\r\n", kErrorType, Category(error), kErrorBody, Base64(ToJson(error))));
}

}  // namespace eider
