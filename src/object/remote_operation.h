// One request to an origin as its caller wants it, without a waiting thread: sent, and sent again when that helps,
// until it is answered, given up, or the bounds of its call are reached. What is asked and what an answer means is up
// to a Conversation; when and whether it goes on is decided here, alike for all.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

#include "object/http_exchange.h"
#include "object/loop_timers.h"
#include "object/object_store.h"
#include "object/retry.h"

namespace eider {

enum class HttpEnd : std::uint8_t {
  kComplete,
  kFailed,   // `aws_error` says why
  kStalled,  // no byte moved for too long
  kStopped,  // by the conversation
};

struct HttpOutcome {
  HttpEnd end = HttpEnd::kComplete;
  int aws_error = 0;
  bool sent = false;  // the server may have acted on the request
};

enum class BodyTaken : std::uint8_t {
  kAll,   // as many bytes may follow
  kKept,  // they may once RemoteOperation::Consumed says so
  kStop,  // no more are wanted
};

// What came of an attempt.
struct Verdict {
  enum class Kind : std::uint8_t {
    kAnswered,
    kAskOn,  // fine so far: NextRequest is wanted at once
    kFailed,
  };
  Kind kind = Kind::kAnswered;
  Failure failure;  // kFailed

  static Verdict Answered() { return {}; }
  static Verdict AskOn() { return {Kind::kAskOn, {}}; }
  static Verdict Failed(Failure failure) { return {Kind::kFailed, std::move(failure)}; }
  static Verdict Final(Error error) { return Failed({std::move(error), false, false, {}}); }
};

// Called by one thread at a time, mostly an event loop's: never block there.
class Conversation {
 public:
  virtual ~Conversation() = default;
  virtual HttpRequest NextRequest() = 0;
  virtual bool OnHead(HttpHead head) = 0;  // false: the rest is not wanted
  virtual BodyTaken OnBody(std::span<const char> bytes) = 0;
  virtual Verdict Judge(const HttpOutcome& outcome) = 0;
  // Whether the last attempt brought something that the next one need not.
  virtual bool Progressed() const { return false; }
  // Exactly once and last, unless the operation is cancelled. nullopt: answered.
  virtual void OnOver(std::optional<Error> error) = 0;
};

// What operations of one origin share. Must outlive them.
struct RemoteContext {
  HttpOrigin& origin;
  RequestSigner* signer;       // may be null
  const HttpHeaders& headers;  // added to every request
  const RetryPolicy& retry;
  RetryBudget& budget;
  LoopTimers& timers;
};

// Thread-safe.
class RemoteOperation : public std::enable_shared_from_this<RemoteOperation> {
 public:
  // `action` completes "Cannot …". The conversation may be over before this returns.
  static std::shared_ptr<RemoteOperation> Start(const RemoteContext& context,
                                                std::shared_ptr<Conversation> conversation, std::string action,
                                                const Call& call);
  RemoteOperation(const RemoteContext& context, std::shared_ptr<Conversation> conversation, std::string action,
                  const Call& call);

  // The conversation is not called any more once this has returned, for which it waits while a call is running on
  // another thread; within such a call it may be used as well.
  void Cancel();

  // `bytes` that OnBody kept were dealt with.
  void Consumed(std::size_t bytes);

 private:
  class Attempt;

  void StartAttempt();
  void OnHead(const Attempt& attempt, HttpHead head);
  void OnBody(const Attempt& attempt, std::span<const char> bytes);
  void OnDone(const Attempt& attempt, int aws_error);
  void EndAttempt(HttpEnd end, int aws_error = 0);
  void Retry(const Failure& failure);
  void Over(std::optional<Error> error);
  std::shared_ptr<Conversation> Finish();
  void ReturnWindow();
  void Arm();
  void OnAlarm();
  SteadyTime StallsAt(SteadyTime now) const;

  const RemoteContext context_;
  const std::string action_;
  const Call call_;

  // Held while the conversation is called, so that Cancel can wait; recursive, so that Cancel can be called from there.
  // Never held while an exchange starts: that may report failures of other operations on this thread.
  std::recursive_mutex mutex_;
  std::shared_ptr<Conversation> conversation_;  // null: over
  std::shared_ptr<Attempt> current_;            // null between attempts
  std::shared_ptr<HttpExchange> exchange_;      // of `current_`, once that is known
  std::chrono::milliseconds sending_{0};        // what a body may take before the reply begins
  bool answered_ = false;
  std::size_t kept_bytes_ = 0;        // by the conversation
  std::size_t unreturned_bytes_ = 0;  // of the window
  int failed_ = 0;
  bool renewed_ = false;  // credentials were looked up anew
  std::uint64_t credentials_ = 0;
  SteadyTime retry_at_ = SteadyTime::max();
  LoopTimers::Id alarm_ = 0;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace eider
