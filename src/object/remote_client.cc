#include "object/remote_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "object/ranges.h"
#include "object/s3_xml.h"

namespace eider {
namespace {

std::string ActionOf(const std::string& method, const std::string& key, const std::string& store) {
  const bool reads = method == "GET" || method == "HEAD";
  const char* verb = reads ? "read" : method == "DELETE" ? "delete" : "write";
  if (key.empty()) return fmt::format("{} {}", reads ? "list" : verb, store);
  return fmt::format("{} '{}' in {}", verb, key, store);
}

// Where a thread waits for what an operation brings on an event loop's.
template <class T>
class Handover {
 public:
  void Put(std::span<const char> bytes) {
    const std::lock_guard lock(mutex_);
    bytes_.append(bytes.data(), bytes.size());
    changed_.notify_one();
  }

  void Finish(Result<T> result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    changed_.notify_one();
  }

  // Swaps what came into `taken`, whose storage is used again. False: no more comes, or an error is what matters now.
  bool Take(std::string& taken) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return result_ || !bytes_.empty(); });
    if (bytes_.empty() || (result_ && !result_->ok())) return false;
    taken.clear();
    taken.swap(bytes_);
    return true;
  }

  // Once it is finished.
  Result<T> result() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return result_.has_value(); });
    return *std::move(result_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  std::optional<Result<T>> result_;
};

// Gives `consume` what comes, on this thread, until the operation is over.
template <class T>
Result<T> HandOver(Handover<T>& handover, const std::shared_ptr<RemoteOperation>& operation,
                   const ByteConsumer& consume, const std::string& what) {
  std::string taken;
  while (handover.Take(taken)) {
    if (!consume(taken)) {
      operation->Cancel();
      return StoppedByConsumer(what);
    }
    operation->Consumed(taken.size());
  }
  auto result = handover.result();
  operation->Cancel();  // waits until the handover is left
  return result;
}

// A request whose reply is small and kept.
class SmallReply : public Conversation {
 public:
  SmallReply(ReplyReading reading, const HttpRequest& request, const std::string& key, bool error_in_body,
             Handover<HttpReply>& handover, SendNotes* notes)
      : reading_(std::move(reading)),
        request_(request),
        key_(key),
        error_in_body_(error_in_body),
        handover_(handover),
        notes_(notes) {}

  HttpRequest NextRequest() override {
    if (notes_ != nullptr) notes_->ambiguous |= ambiguous_;
    reply_ = {};
    return request_;
  }

  bool OnHead(HttpHead head) override {
    reply_.head = std::move(head);
    return true;
  }

  BodyTaken OnBody(std::span<const char> bytes) override {
    if (reply_.body.size() + bytes.size() > kLongestReply) return BodyTaken::kStop;
    reply_.body.append(bytes.data(), bytes.size());
    return BodyTaken::kAll;
  }

  Verdict Judge(const HttpOutcome& outcome) override {
    if (outcome.end == HttpEnd::kStopped) {
      return Verdict::Final(Corrupt(fmt::format("Cannot {}: the reply is far too long.", reading_.action)));
    }
    const bool refused_late = error_in_body_ && !ParseS3Error(reply_.body).code.empty();
    if (outcome.end == HttpEnd::kComplete && reply_.head.status / 100 == 2 && !refused_late) return Verdict::Answered();
    Failure failure = reading_.FailureOf(outcome, reply_, key_);
    ambiguous_ = failure.ambiguous;
    return Verdict::Failed(std::move(failure));
  }

  void OnOver(std::optional<Error> error) override {
    if (error) return handover_.Finish(*std::move(error));
    handover_.Finish(std::move(reply_));
  }

 private:
  const ReplyReading reading_;
  const HttpRequest request_;
  const std::string key_;
  const bool error_in_body_;
  Handover<HttpReply>& handover_;
  SendNotes* const notes_;
  HttpReply reply_;
  bool ambiguous_ = false;
};

// A request whose reply is handed over as it comes.
class StreamedReply : public Conversation {
 public:
  StreamedReply(ReplyReading reading, const HttpRequest& request, Handover<HttpHead>& handover)
      : reading_(std::move(reading)), request_(request), handover_(handover) {}

  HttpRequest NextRequest() override {
    reply_ = {};
    return request_;
  }

  bool OnHead(HttpHead head) override {
    reply_.head = std::move(head);
    return true;
  }

  BodyTaken OnBody(std::span<const char> bytes) override {
    if (!success()) {
      reply_.body.append(bytes.data(), std::min(bytes.size(), kLongestReply - reply_.body.size()));
      return BodyTaken::kAll;
    }
    handed_over_ = true;
    handover_.Put(bytes);
    return BodyTaken::kKept;
  }

  Verdict Judge(const HttpOutcome& outcome) override {
    if (outcome.end == HttpEnd::kComplete && success()) return Verdict::Answered();
    Failure failure = reading_.FailureOf(outcome, reply_, {});
    if (handed_over_) failure.retryable = false;
    return Verdict::Failed(std::move(failure));
  }

  void OnOver(std::optional<Error> error) override {
    if (error) return handover_.Finish(*std::move(error));
    handover_.Finish(std::move(reply_.head));
  }

 private:
  bool success() const { return reply_.head.status / 100 == 2; }

  const ReplyReading reading_;
  const HttpRequest request_;
  Handover<HttpHead>& handover_;
  HttpReply reply_;
  bool handed_over_ = false;
};

class PendingRead : public PendingGet {
 public:
  explicit PendingRead(std::shared_ptr<RemoteOperation> operation) : operation_(std::move(operation)) {}
  ~PendingRead() override { operation_->Cancel(); }

 private:
  const std::shared_ptr<RemoteOperation> operation_;
};

}  // namespace

RemoteClient::RemoteClient(std::unique_ptr<HttpOrigin> origin, std::unique_ptr<RequestSigner> signer,
                           RemoteClientOptions options)
    : options_(std::move(options)),
      signer_(std::move(signer)),
      origin_(std::move(origin)),
      timers_(origin_->runtime()) {}

std::string RemoteClient::origin_name() const { return origin_->host_header(); }

Result<std::optional<std::string>> RemoteClient::SignedTarget(const std::string& target, std::chrono::seconds valid) {
  if (!signer_) return std::optional<std::string>();
  auto signed_target = signer_->SignGet(origin_->host_header(), target, valid);
  if (!signed_target.ok()) return signed_target.error();
  return std::optional(*std::move(signed_target));
}

ReplyReading RemoteClient::Reading(const std::string& action) const {
  return {options_.judge, options_.store, origin_->host_header(), action};
}

RemoteContext RemoteClient::context() {
  return {*origin_, signer_.get(), options_.headers, options_.retry, budget_, timers_};
}

Result<HttpReply> RemoteClient::Send(const HttpRequest& request, const std::string& key, const Call& call,
                                     bool error_in_body, SendNotes* notes) {
  const std::string action = ActionOf(request.method, key, options_.store);
  if (auto bounds = CheckCall(call, action); !bounds.ok()) return bounds.error();
  Handover<HttpReply> handover;
  auto reply = std::make_shared<SmallReply>(Reading(action), request, key, error_in_body, handover, notes);
  const auto operation = RemoteOperation::Start(context(), std::move(reply), action, call);
  auto result = handover.result();
  operation->Cancel();  // waits until the handover is left
  return result;
}

Result<HttpHead> RemoteClient::Stream(const HttpRequest& request, const ByteConsumer& consume, const Call& call) {
  const std::string action = fmt::format("ask {}", options_.store);
  if (auto bounds = CheckCall(call, action); !bounds.ok()) return bounds.error();
  Handover<HttpHead> handover;
  auto reply = std::make_shared<StreamedReply>(Reading(action), request, handover);
  return HandOver(handover, RemoteOperation::Start(context(), std::move(reply), action, call), consume, options_.store);
}

Result<ObjectInfo> RemoteClient::Read(const std::string& target, const GetRequest& request, const ByteConsumer& consume,
                                      const Call& call) {
  const std::string action = ActionOf("GET", request.key, options_.store);
  if (auto bounds = CheckCall(call, action); !bounds.ok()) return bounds.error();
  Handover<ObjectInfo> handover;
  const auto keep = [&handover](std::span<const char> bytes) {
    handover.Put(bytes);
    return BodyTaken::kKept;
  };
  const auto finish = [&handover](Result<ObjectInfo> result) { handover.Finish(std::move(result)); };
  auto read = std::make_shared<ObjectRead>(Reading(action), target, request, keep, finish);
  return HandOver(handover, RemoteOperation::Start(context(), std::move(read), action, call), consume, request.key);
}

std::unique_ptr<PendingGet> RemoteClient::StartRead(const std::string& target, const GetRequest& request,
                                                    ByteConsumer consume, GetDone done, const Call& call) {
  const std::string action = ActionOf("GET", request.key, options_.store);
  if (auto bounds = CheckCall(call, action); !bounds.ok()) return AnsweredAtOnce(done, bounds.error());
  auto sink = [consume = std::move(consume)](std::span<const char> bytes) {
    return consume(bytes) ? BodyTaken::kAll : BodyTaken::kStop;
  };
  auto read = std::make_shared<ObjectRead>(Reading(action), target, request, std::move(sink), std::move(done));
  return std::make_unique<PendingRead>(RemoteOperation::Start(context(), std::move(read), action, call));
}

}  // namespace eider
