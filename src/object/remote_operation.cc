#include "object/remote_operation.h"

#include <algorithm>
#include <random>

#include "object/ranges.h"
#include "object/request_signer.h"

namespace eider {
namespace {

// A body that is being sent may take its time on a slow line before the reply begins.
constexpr std::size_t kSlowestUploadBytesPerMs = 100;
// Giving the window back costs the loop a task; half of it still lets the server send on.
constexpr std::size_t kReturnBytes = HttpOrigin::kWindowBytes / 2;

double Chance() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace

// One exchange of an operation. What the exchange reports after the operation has turned to another is dropped.
class RemoteOperation::Attempt : public HttpListener {
 public:
  explicit Attempt(std::shared_ptr<RemoteOperation> operation) : operation_(std::move(operation)) { Moved(); }

  // Called under the exchange's lock, which Cancel takes under ours: nothing here may take ours.
  void OnSent() override {
    Moved();
    sent_ = true;
  }
  void OnHead(HttpHead head) override { operation_->OnHead(*this, std::move(head)); }
  void OnBody(std::span<const char> bytes) override { operation_->OnBody(*this, bytes); }
  void OnDone(int aws_error) override { operation_->OnDone(*this, aws_error); }

  void Moved() { moved_ = std::chrono::steady_clock::now(); }
  bool sent() const { return sent_; }
  SteadyTime moved() const { return moved_; }

 private:
  const std::shared_ptr<RemoteOperation> operation_;
  std::atomic<bool> sent_{false};
  std::atomic<SteadyTime> moved_;
};

std::shared_ptr<RemoteOperation> RemoteOperation::Start(const RemoteContext& context,
                                                        std::shared_ptr<Conversation> conversation, std::string action,
                                                        const Call& call) {
  auto operation = std::make_shared<RemoteOperation>(context, std::move(conversation), std::move(action), call);
  if (call.stop.stop_possible()) {
    const std::lock_guard lock(operation->mutex_);
    // The thread that stops must neither wait for us nor run what follows.
    const std::weak_ptr<RemoteOperation> weak = operation;
    operation->on_stop_.emplace(call.stop, [weak, &timers = operation->context_.timers] {
      timers.At(SteadyTime{}, [weak] {
        if (const auto alive = weak.lock()) alive->OnAlarm();
      });
    });
  }
  operation->StartAttempt();
  return operation;
}

RemoteOperation::RemoteOperation(const RemoteContext& context, std::shared_ptr<Conversation> conversation,
                                 std::string action, const Call& call)
    : context_(context), action_(std::move(action)), call_(call), conversation_(std::move(conversation)) {}

void RemoteOperation::StartAttempt() {
  std::shared_ptr<Attempt> attempt;
  HttpRequest request;
  {
    const std::lock_guard lock(mutex_);
    if (!conversation_) return;
    request = conversation_->NextRequest();
    request.headers.insert(request.headers.end(), context_.headers.begin(), context_.headers.end());
    attempt = std::make_shared<Attempt>(shared_from_this());
    current_ = attempt;
    sending_ = std::chrono::milliseconds(request.body ? request.body->size() / kSlowestUploadBytesPerMs : 0);
    answered_ = false;
    unreturned_bytes_ = 0;
    retry_at_ = SteadyTime::max();
    credentials_ = context_.signer != nullptr ? context_.signer->version() : 0;
    Arm();
  }
  const auto exchange = HttpExchange::Start(context_.origin, context_.signer, request, attempt);
  {
    const std::lock_guard lock(mutex_);
    if (current_ == attempt) {
      exchange_ = exchange;
      ReturnWindow();
      return;
    }
  }
  exchange->Cancel();  // over meanwhile
}

void RemoteOperation::OnHead(const Attempt& attempt, HttpHead head) {
  const std::lock_guard lock(mutex_);
  if (current_.get() != &attempt) return;
  current_->Moved();
  answered_ = true;
  const auto conversation = conversation_;  // which may cancel us, here and below
  if (!conversation->OnHead(std::move(head))) EndAttempt(HttpEnd::kStopped);
}

void RemoteOperation::OnBody(const Attempt& attempt, std::span<const char> bytes) {
  const std::lock_guard lock(mutex_);
  if (current_.get() != &attempt) return;
  current_->Moved();
  const auto conversation = conversation_;
  switch (conversation->OnBody(bytes)) {
    case BodyTaken::kStop: return EndAttempt(HttpEnd::kStopped);
    case BodyTaken::kKept: kept_bytes_ += bytes.size(); return;
    case BodyTaken::kAll: break;
  }
  unreturned_bytes_ += bytes.size();
  ReturnWindow();
}

void RemoteOperation::Consumed(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  kept_bytes_ -= bytes;
  if (!current_) return;
  current_->Moved();  // the server could not go on before
  unreturned_bytes_ += bytes;
  ReturnWindow();
}

void RemoteOperation::ReturnWindow() {
  if (!exchange_ || unreturned_bytes_ < kReturnBytes) return;
  exchange_->Consumed(std::exchange(unreturned_bytes_, 0));
}

void RemoteOperation::OnDone(const Attempt& attempt, int aws_error) {
  const std::lock_guard lock(mutex_);
  if (current_.get() != &attempt) return;
  EndAttempt(aws_error == 0 ? HttpEnd::kComplete : HttpEnd::kFailed, aws_error);
}

void RemoteOperation::EndAttempt(HttpEnd end, int aws_error) {
  if (!current_) return;
  const HttpOutcome outcome{end, aws_error, current_->sent()};
  current_.reset();
  const auto exchange = std::move(exchange_);
  if (exchange && (end == HttpEnd::kStalled || end == HttpEnd::kStopped)) exchange->Cancel();
  const Verdict verdict = conversation_->Judge(outcome);
  switch (verdict.kind) {
    case Verdict::Kind::kAnswered: return Over(std::nullopt);
    case Verdict::Kind::kFailed: return Retry(verdict.failure);
    case Verdict::Kind::kAskOn: break;
  }
  retry_at_ = std::chrono::steady_clock::now();  // not here, where our lock is held
  Arm();
}

void RemoteOperation::Retry(const Failure& failure) {
  if (conversation_->Progressed()) failed_ = 0;
  const bool renew = failure.renew_credentials && context_.signer != nullptr && !renewed_;
  const SteadyTime now = std::chrono::steady_clock::now();
  const auto delay = renew ? std::chrono::milliseconds(0) : RetryDelay(context_.retry, ++failed_, failure, Chance());
  if (!delay || !context_.budget.Take(now)) return Over(failure.error);
  // Better the cause at once than the time limit later.
  if (call_.deadline != SteadyTime::max() && now + *delay >= call_.deadline) return Over(failure.error);
  if (renew) {
    renewed_ = true;
    context_.signer->Renew(credentials_);
  }
  if (call_.on_retry) call_.on_retry(failure.overload ? RetryCause::kOverload : RetryCause::kOther);
  if (!conversation_) return;
  retry_at_ = now + *delay;
  Arm();
}

void RemoteOperation::Over(std::optional<Error> error) {
  const auto conversation = Finish();
  conversation->OnOver(std::move(error));
}

void RemoteOperation::Cancel() {
  const std::lock_guard lock(mutex_);
  if (conversation_) Finish();
}

std::shared_ptr<Conversation> RemoteOperation::Finish() {
  context_.timers.Cancel(alarm_);
  on_stop_.reset();
  current_.reset();
  if (exchange_) exchange_->Cancel();
  exchange_.reset();
  return std::move(conversation_);
}

// When the attempt under way has waited for long enough. A server cannot send while what it sent is kept, and waiting
// for a connection has bounds of its own.
SteadyTime RemoteOperation::StallsAt(SteadyTime now) const {
  const auto patience =
      context_.origin.options().first_byte_timeout + (answered_ ? std::chrono::milliseconds(0) : sending_);
  if (!current_->sent() || kept_bytes_ > 0) return now + patience;
  return current_->moved() + patience;
}

void RemoteOperation::Arm() {
  SteadyTime due = std::min(call_.deadline, retry_at_);
  if (current_) due = std::min(due, StallsAt(std::chrono::steady_clock::now()));
  context_.timers.Cancel(alarm_);
  alarm_ = context_.timers.At(due, [weak = weak_from_this()] {
    if (const auto alive = weak.lock()) alive->OnAlarm();
  });
}

void RemoteOperation::OnAlarm() {
  {
    const std::lock_guard lock(mutex_);
    if (!conversation_) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (call_.stop.stop_requested()) return Over(Cancelled(action_));
    if (now >= call_.deadline) return Over(TimedOut(action_));
    if (current_ && now >= StallsAt(now)) return EndAttempt(HttpEnd::kStalled);
    if (now < retry_at_) return Arm();
  }
  StartAttempt();
}

}  // namespace eider
