#include "api/object_body.h"

#include <algorithm>

namespace eider {

ObjectBody::ObjectBody(ObjectStore& store, ObjectInfo object, SpoolSpan span,
                       std::function<void(const BodyOutcome&)> ended)
    : store_(store), object_(std::move(object)), span_(span), ended_(std::move(ended)), fetch_at_(span.begin) {}

ObjectBody::~ObjectBody() {
  pending_.reset();
  End(BodyOutcome::Kind::kLeft);
}

Result<Body::Piece> ObjectBody::Read(std::span<char> out) {
  if (taken_ == piece_.size()) {
    if (outcome_.bytes == span_.end - span_.begin) {
      End(BodyOutcome::Kind::kComplete);
      return Piece{State::kEnd, 0};
    }
    std::unique_lock lock(mutex_);
    if (fetch_ == Fetch::kNone) {
      lock.unlock();
      FetchNext();
      lock.lock();
    }
    if (fetch_ == Fetch::kUnderWay) return Piece{State::kPending, 0};
    if (error_) {
      const Error error = *error_;
      lock.unlock();
      End(BodyOutcome::Kind::kError);
      return error;
    }
    fetch_ = Fetch::kNone;
    lock.unlock();
    piece_.swap(next_);
    taken_ = 0;
    FetchNext();
  }
  const std::size_t size = std::min(out.size(), piece_.size() - taken_);
  std::copy_n(piece_.data() + taken_, size, out.data());
  taken_ += size;
  outcome_.bytes += size;
  return Piece{State::kBytes, size};
}

void ObjectBody::WhenReadable(std::function<void()> ready) {
  {
    const std::lock_guard lock(mutex_);
    if (fetch_ == Fetch::kUnderWay) {
      ready_ = std::move(ready);
      return;
    }
  }
  ready();
}

// No fetch is under way; begins the next one, unless all is fetched.
void ObjectBody::FetchNext() {
  if (fetch_at_ == span_.end) return;
  const std::uint64_t length = std::min(kPieceBytes, span_.end - fetch_at_);
  next_.clear();
  next_.reserve(length);
  {
    const std::lock_guard lock(mutex_);
    fetch_ = Fetch::kUnderWay;
  }
  GetRequest get;
  get.key = object_.key;
  get.range = ByteRange::Span(fetch_at_, length);
  get.if_match = object_.etag;
  fetch_at_ += length;
  pending_ = store_.StartGet(
      get,
      [this](std::span<const char> bytes) {
        next_.append(bytes.data(), bytes.size());
        return true;
      },
      [this](const Result<ObjectInfo>& outcome) { Fetched(outcome); });
}

void ObjectBody::Fetched(const Result<ObjectInfo>& outcome) {
  std::function<void()> ready;
  {
    const std::lock_guard lock(mutex_);
    fetch_ = Fetch::kDone;
    if (!outcome) error_ = outcome.error();
    ready.swap(ready_);
  }
  if (ready) ready();
}

void ObjectBody::End(BodyOutcome::Kind kind) {
  if (!ended_) return;
  outcome_.kind = kind;
  const auto ended = std::move(ended_);
  ended_ = nullptr;
  ended(outcome_);
}

}  // namespace eider
