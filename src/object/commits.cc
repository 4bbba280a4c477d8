#include "object/commits.h"

namespace eider {
namespace {

// A PUT takes some 30 ms: 32 side by side are 1,000 objects a second, more than one thread encodes.
constexpr std::size_t kOpen = 32;

// Room for that many objects of 1 MiB; a larger one, which holds a part or two itself, goes with fewer others.
constexpr std::uint64_t kOpenBytes = 32 << 20;

}  // namespace

Commits::~Commits() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Status Commits::Add(std::unique_ptr<Upload> upload, std::uint64_t bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return failed_ || open_ == 0 || (open_ < kOpen && open_bytes_ + bytes <= kOpenBytes); });
  if (failed_) return *failed_;
  ++open_;
  open_bytes_ += bytes;
  waiting_.push_back({std::move(upload), bytes});
  if (idle_ < waiting_.size()) {
    ++idle_;
    threads_.emplace_back([this] { Work(); });
  }
  changed_.notify_all();
  return {};
}

Status Commits::Finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return open_ == 0; });
  return failed_ ? Status(*failed_) : Status();
}

void Commits::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    --idle_;
    const bool wanted = !failed_;
    lock.unlock();
    std::optional<Result<ObjectInfo>> committed;
    if (wanted) committed = next.upload->Commit();
    next.upload.reset();  // aborts what was not committed
    lock.lock();
    ++idle_;
    --open_;
    open_bytes_ -= next.bytes;
    if (committed && committed->ok()) done_.push_back(std::move(*committed).value());
    if (committed && !committed->ok() && !failed_) failed_ = committed->error();
    changed_.notify_all();
  }
}

}  // namespace eider
