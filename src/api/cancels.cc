#include "api/cancels.h"

#include <optional>

namespace eider {
namespace {

// A `ready` that two may call and one does.
class Once {
 public:
  explicit Once(std::function<void()> ready) : ready_(std::move(ready)) {}

  void operator()() {
    std::function<void()> ready;
    {
      const std::lock_guard lock(mutex_);
      ready.swap(ready_);
    }
    if (ready) ready();
  }

 private:
  std::mutex mutex_;
  std::function<void()> ready_;
};

}  // namespace

class Cancels::WatchedBody final : public Body {
 public:
  WatchedBody(std::shared_ptr<Cancels> owner, std::string id, std::stop_token stop, std::unique_ptr<Body> body)
      : owner_(std::move(owner)), id_(std::move(id)), stop_(std::move(stop)), body_(std::move(body)) {}

  ~WatchedBody() override {
    cancelled_.reset();
    owner_->Forget(id_);
  }

  Result<Piece> Read(std::span<char> out) override {
    if (stop_.stop_requested()) {
      body_.reset();  // its share of the production goes
      return Error{ErrorKind::kCancelled, "cancelled by DELETE /query/" + id_, {}};
    }
    return body_->Read(out);
  }

  void WhenReadable(std::function<void()> ready) override {
    const auto once = std::make_shared<Once>(std::move(ready));
    cancelled_.reset();
    if (body_) body_->WhenReadable([once] { (*once)(); });
    cancelled_.emplace(stop_, [once] { (*once)(); });  // called at once when it was cancelled before
  }

  std::optional<std::uint64_t> size() const override { return body_ ? body_->size() : std::nullopt; }
  std::vector<std::string> trailer_names() const override {
    return body_ ? body_->trailer_names() : std::vector<std::string>();
  }
  std::vector<Header> trailers() const override { return body_ ? body_->trailers() : std::vector<Header>(); }

 private:
  const std::shared_ptr<Cancels> owner_;
  const std::string id_;
  const std::stop_token stop_;
  std::unique_ptr<Body> body_;
  std::optional<std::stop_callback<std::function<void()>>> cancelled_;
};

std::unique_ptr<Body> Cancels::Watch(const std::string& id, const std::string& client, std::unique_ptr<Body> body) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[id];
  entry.client = client;
  return std::make_unique<WatchedBody>(shared_from_this(), id, entry.stop.get_token(), std::move(body));
}

bool Cancels::Cancel(const std::string& id, const std::string& client) {
  std::stop_source stop{std::nostopstate};
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.client != client) return false;
    stop = found->second.stop;
  }
  stop.request_stop();  // outside the lock: it wakes the body's reader
  return true;
}

void Cancels::Forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  entries_.erase(id);
}

}  // namespace eider
