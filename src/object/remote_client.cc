#include "object/remote_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

#include "object/http_error.h"
#include "object/ranged_read.h"
#include "object/ranges.h"
#include "object/s3_xml.h"

namespace eider {
namespace {

// More than any <Error>, a listing of 1,000 of the longest keys percent-encoded, or a multipart's answers.
constexpr std::size_t kLongestReply = 8 << 20;

// Keeps a small reply.
class ReplyReceiver : public HttpReceiver {
 public:
  bool OnHead(const HttpHead& head) override {
    reply_.head = head;
    return true;
  }
  bool OnBody(std::span<const char> bytes) override {
    if (reply_.body.size() + bytes.size() > kLongestReply) return false;
    reply_.body.append(bytes.data(), bytes.size());
    return true;
  }
  HttpReply& reply() { return reply_; }

 private:
  HttpReply reply_;
};

// Hands the bytes of an object on, and keeps the explanation when there is none.
class ObjectReceiver : public HttpReceiver {
 public:
  ObjectReceiver(RangedRead& read, const ByteConsumer& consume) : read_(read), consume_(consume) {}

  bool OnHead(const HttpHead& head) override {
    reply_.head = head;
    if (!success()) return true;
    wrong_ = read_.OnHead(head);
    return wrong_.ok();
  }

  bool OnBody(std::span<const char> bytes) override {
    if (!success()) {
      reply_.body.append(bytes.data(), std::min(bytes.size(), kLongestReply - reply_.body.size()));
      return true;
    }
    wrong_ = read_.OnBody(bytes.size());
    return wrong_.ok() && consume_(bytes);
  }

  bool success() const { return reply_.head.status == 200 || reply_.head.status == 206; }
  const Status& wrong() const { return wrong_; }
  const HttpReply& reply() const { return reply_; }

 private:
  RangedRead& read_;
  const ByteConsumer& consume_;
  HttpReply reply_;
  Status wrong_;
};

double Chance() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

// Sleeps unless the call ends first.
void Sleep(std::chrono::milliseconds delay, const Call& call) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, call.stop, std::min(call.deadline, std::chrono::steady_clock::now() + delay),
                   [] { return false; });
}

std::string ActionOf(const HttpRequest& request, const std::string& key, const std::string& store) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const char* verb = reads ? "read" : request.method == "DELETE" ? "delete" : "write";
  if (key.empty()) return fmt::format("{} {}", reads ? "list" : verb, store);
  return fmt::format("{} '{}' in {}", verb, key, store);
}

}  // namespace

struct RemoteClient::Attempts {
  int failed = 0;
};

RemoteClient::RemoteClient(std::unique_ptr<HttpOrigin> origin, std::unique_ptr<RequestSigner> signer,
                           RemoteClientOptions options)
    : options_(std::move(options)), signer_(std::move(signer)), origin_(std::move(origin)) {}

std::string RemoteClient::origin_name() const { return origin_->host_header(); }

HttpRequest RemoteClient::Complete(HttpRequest request) const {
  request.headers.insert(request.headers.end(), options_.headers.begin(), options_.headers.end());
  return request;
}

Result<Failure> RemoteClient::FailureOf(const HttpOutcome& outcome, const HttpReply& reply, const std::string& key,
                                        const std::string& action) const {
  switch (outcome.end) {
    case HttpEnd::kCancelled: return Cancelled(action);
    case HttpEnd::kTimedOut: return TimedOut(action);
    case HttpEnd::kStopped: return Corrupt(fmt::format("Cannot {}: the reply is far too long.", action));
    case HttpEnd::kFailed:
    case HttpEnd::kStalled: return TransportFailure(outcome, origin_->host_header(), action);
    case HttpEnd::kComplete: break;
  }
  return options_.judge(reply, key);
}

Status RemoteClient::Again(Attempts& attempts, Failure failure, const std::string& action, const Call& call) {
  const auto delay = RetryDelay(options_.retry, ++attempts.failed, failure, Chance());
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!delay || !budget_.Take(now)) return failure.error;
  // Better the cause at once than the time limit later.
  if (call.deadline != SteadyTime::max() && now + *delay >= call.deadline) return failure.error;
  Sleep(*delay, call);
  return CheckCall(call, action);
}

Result<HttpReply> RemoteClient::Send(const HttpRequest& request, const std::string& key, const Call& call,
                                     bool error_in_body, SendNotes* notes) {
  const std::string action = ActionOf(request, key, options_.store);
  if (auto bounds = CheckCall(call, action); !bounds.ok()) return bounds.error();
  const HttpRequest complete = Complete(request);
  Attempts attempts;
  for (;;) {
    ReplyReceiver receiver;
    const HttpOutcome outcome = RunExchange(*origin_, signer_.get(), complete, receiver, call);
    const HttpReply& reply = receiver.reply();
    const bool refused_late = error_in_body && !ParseS3Error(reply.body).code.empty();
    if (outcome.end == HttpEnd::kComplete && reply.head.status / 100 == 2 && !refused_late) {
      return std::move(receiver.reply());
    }
    auto failure = FailureOf(outcome, reply, key, action);
    if (!failure.ok()) return failure.error();
    const bool ambiguous = failure->ambiguous;
    if (auto again = Again(attempts, *std::move(failure), action, call); !again.ok()) return again.error();
    if (notes != nullptr) notes->ambiguous |= ambiguous;
  }
}

Result<ObjectInfo> RemoteClient::Read(const std::string& target, const GetRequest& request, const ByteConsumer& consume,
                                      const Call& call) {
  HttpRequest plain;
  plain.target = target;
  const std::string action = ActionOf(plain, request.key, options_.store);
  if (auto bounds = CheckCall(call, action); !bounds.ok()) return bounds.error();
  RangedRead read(request, options_.store);
  Attempts attempts;
  for (;;) {
    const std::uint64_t before = read.received();
    plain.headers = read.Headers();
    ObjectReceiver receiver(read, consume);
    const HttpOutcome outcome = RunExchange(*origin_, signer_.get(), Complete(plain), receiver, call);
    if (!receiver.wrong().ok()) return receiver.wrong().error();
    if (outcome.end == HttpEnd::kStopped) return StoppedByConsumer(request.key);
    const bool ended = outcome.end == HttpEnd::kComplete;
    if (receiver.success() && read.Complete(ended)) return read.info();

    Result<Failure> failure = Internal("");
    if (ended && receiver.success()) {
      failure = Failure{
          {ErrorKind::kUnavailable, fmt::format("Cannot {}: the reply ended before its last byte.", action), {}},
          true,
          false,
          {}};
    } else {
      failure = FailureOf(outcome, receiver.reply(), request.key, action);
    }
    if (!failure.ok()) return failure.error();
    if (!read.Resumable()) failure->retryable = false;
    if (read.received() > before) attempts.failed = 0;
    if (auto again = Again(attempts, *std::move(failure), action, call); !again.ok()) return again.error();
  }
}

}  // namespace eider
