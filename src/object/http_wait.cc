#include "object/http_wait.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace eider {
namespace {

// A body that is being sent may take its time on a slow line before the reply begins.
constexpr std::size_t kSlowestUploadBytesPerMs = 100;

// Collects what the event loop reports until the waiting thread takes it.
class Mailbox : public HttpListener {
 public:
  struct News {
    std::optional<HttpHead> head;
    std::string body;
    bool done = false;
    int aws_error = 0;
    bool any() const { return head || !body.empty() || done; }
  };

  void OnSent() override {
    Tell([&] {
      sent_ = true;
      moved_ = std::chrono::steady_clock::now();
    });
  }
  void OnHead(HttpHead head) override {
    Tell([&] { news_.head = std::move(head); });
  }
  void OnBody(std::span<const char> bytes) override {
    Tell([&] { news_.body.append(bytes.data(), bytes.size()); });
  }
  void OnDone(int aws_error) override {
    Tell([&] {
      news_.done = true;
      news_.aws_error = aws_error;
    });
  }

  bool sent() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

  // Swaps the news into `taken`, whose storage is used again. kComplete: there is some.
  HttpEnd Wait(News& taken, const Call& call, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    moved_ = std::max(moved_, std::chrono::steady_clock::now());
    for (;;) {
      const bool timed = sent_ || call.deadline != SteadyTime::max();
      const SteadyTime stalls_at = sent_ ? moved_ + patience : SteadyTime::max();
      const auto ready = [&, was_sent = sent_] { return news_.any() || sent_ != was_sent; };
      if (timed) {
        changed_.wait_until(lock, call.stop, std::min(call.deadline, stalls_at), ready);
      } else {
        changed_.wait(lock, call.stop, ready);
      }
      // Bounds come first: a body that never ends must not outrun them.
      const SteadyTime now = std::chrono::steady_clock::now();
      if (call.stop.stop_requested()) return HttpEnd::kCancelled;
      if (now >= call.deadline) return HttpEnd::kTimedOut;
      if (news_.any()) break;
      if (sent_ && now >= moved_ + patience) return HttpEnd::kStalled;
    }
    taken.head.reset();
    taken.body.clear();
    std::swap(taken, news_);
    return HttpEnd::kComplete;
  }

 private:
  template <class Change>
  void Tell(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  News news_;
  bool sent_ = false;
  SteadyTime moved_{};  // when something last moved, or the waiting began
};

}  // namespace

HttpOutcome RunExchange(HttpOrigin& origin, RequestSigner* signer, const HttpRequest& request, HttpReceiver& receiver,
                        const Call& call) {
  const auto patience = origin.options().first_byte_timeout;
  const auto sending = std::chrono::milliseconds(request.body ? request.body->size() / kSlowestUploadBytesPerMs : 0);
  const auto mailbox = std::make_shared<Mailbox>();
  const auto exchange = HttpExchange::Start(origin, signer, request, mailbox);
  Mailbox::News news;
  bool answered = false;
  const auto end = [&](HttpEnd how, int aws_error = 0) {
    if (how != HttpEnd::kComplete && how != HttpEnd::kFailed) exchange->Cancel();
    return HttpOutcome{how, aws_error, mailbox->sent()};
  };
  for (;;) {
    const HttpEnd waited = mailbox->Wait(news, call, answered ? patience : patience + sending);
    if (waited != HttpEnd::kComplete) return end(waited);
    answered = true;
    if (news.head && !receiver.OnHead(*news.head)) return end(HttpEnd::kStopped);
    if (!news.body.empty()) {
      if (!receiver.OnBody(news.body)) return end(HttpEnd::kStopped);
      exchange->Consumed(news.body.size());
    }
    if (news.done) return end(news.aws_error == 0 ? HttpEnd::kComplete : HttpEnd::kFailed, news.aws_error);
  }
}

}  // namespace eider
