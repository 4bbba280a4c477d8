#include "object/object_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "object/http_error.h"

namespace eider {
namespace {

// A proxy that mixes up answers or serves old ones may be right the next time; a server that cannot do better answers
// the same again. With one answer of a hundred wrong, a read fails once in a million.
constexpr int kWrongAnswers = 3;

}  // namespace

Failure ReplyReading::FailureOf(const HttpOutcome& outcome, const HttpReply& reply, const std::string& key) const {
  if (outcome.end == HttpEnd::kComplete) return judge(reply, key);
  return TransportFailure(outcome, origin, action);
}

ObjectRead::ObjectRead(ReplyReading reading, std::string target, const GetRequest& request, BodySink sink, GetDone done)
    : reading_(std::move(reading)),
      target_(std::move(target)),
      request_(request),
      sink_(std::move(sink)),
      done_(std::move(done)),
      read_(request, reading_.store) {}

HttpRequest ObjectRead::NextRequest() {
  reply_ = {};
  more_came_ = false;
  received_before_ = read_.received();
  HttpRequest next;
  next.target = target_;
  if (unsatisfied_) {
    next.method = "HEAD";
  } else {
    next.headers = read_.Headers();
  }
  return next;
}

bool ObjectRead::OnHead(HttpHead head) {
  reply_.head = std::move(head);
  if (!success() || unsatisfied_) return true;
  wrong_ = read_.OnHead(reply_.head);
  return wrong_.ok();
}

BodyTaken ObjectRead::OnBody(std::span<const char> bytes) {
  if (!success()) {
    reply_.body.append(bytes.data(), std::min(bytes.size(), kLongestReply - reply_.body.size()));
    return BodyTaken::kAll;
  }
  if (read_.Complete(/*ended=*/false)) {
    more_came_ = true;
    return BodyTaken::kStop;
  }
  wrong_ = read_.OnBody(bytes.size());
  body_wrong_ = !wrong_.ok();
  return wrong_.ok() ? sink_(bytes) : BodyTaken::kStop;
}

Verdict ObjectRead::Judge(const HttpOutcome& outcome) {
  if (!wrong_.ok()) return JudgeWrong();
  // Every byte was here before: those that followed belong to nothing, and end with their connection.
  if (more_came_) return Verdict::Answered();
  if (outcome.end == HttpEnd::kStopped) return Verdict::Final(StoppedByConsumer(request_.key));
  if (unsatisfied_) return JudgeSize(outcome);
  const bool ended = outcome.end == HttpEnd::kComplete;
  if (success() && read_.Complete(ended)) return Verdict::Answered();
  Failure failure;
  if (ended && success()) {
    failure.error.kind = ErrorKind::kUnavailable;
    failure.error.message = fmt::format("Cannot {}: the reply ended before its last byte.", reading_.action);
    failure.retryable = true;
  } else {
    failure = reading_.FailureOf(outcome, reply_, request_.key);
  }
  if (!read_.Resumable()) failure.retryable = false;
  const bool suffix = request_.range.kind == ByteRange::Kind::kSuffix && read_.received() == 0;
  if (!ended || reply_.head.status != 416 || !suffix) return Verdict::Failed(std::move(failure));
  unsatisfied_ = std::move(failure.error);
  return Verdict::AskOn();
}

Verdict ObjectRead::JudgeWrong() {
  Failure failure;
  failure.error = std::exchange(wrong_, Status()).error();
  const bool may_change = failure.error.kind == ErrorKind::kUnavailable || failure.error.kind == ErrorKind::kConflict;
  // Of a body that is wrong nobody knows which of its bytes are right, and some were passed on.
  failure.retryable = may_change && !body_wrong_ && ++wrong_answers_ < kWrongAnswers && read_.Resumable();
  return Verdict::Failed(std::move(failure));
}

Verdict ObjectRead::JudgeSize(const HttpOutcome& outcome) {
  if (outcome.end != HttpEnd::kComplete || !success()) {
    Failure failure = reading_.FailureOf(outcome, reply_, request_.key);
    if (!failure.retryable) failure.error = *unsatisfied_;
    return Verdict::Failed(std::move(failure));
  }
  if (ParseUint(reply_.head.Find("Content-Length")) != 0u) return Verdict::Final(*unsatisfied_);
  wrong_ = read_.OnHead(reply_.head);
  return wrong_.ok() ? Verdict::Answered() : Verdict::Final(wrong_.error());
}

void ObjectRead::OnOver(std::optional<Error> error) {
  if (error) return done_(*std::move(error));
  done_(read_.info());
}

}  // namespace eider
