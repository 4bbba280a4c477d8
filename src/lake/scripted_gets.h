// A StartRange for tests, whose GETs the test answers by hand, and what the objects behind it hold.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "lake/range_scheduler.h"

namespace eider {

// The byte at `at` of every object, so that a mixture of ranges shows.
inline char ByteAt(std::uint64_t at) { return static_cast<char>((at * 2654435761u) >> 13); }

inline std::string ExpectedBytes(std::uint64_t offset, std::uint64_t length) {
  std::string bytes(length, '\0');
  for (std::uint64_t i = 0; i < length; ++i) bytes[i] = ByteAt(offset + i);
  return bytes;
}

// It keeps PendingGet's contract: who destroys one waits for its callbacks. Thread-safe; must outlive its GETs.
class ScriptedGets {
 public:
  struct Get {
    std::recursive_mutex callbacks;  // held while one runs; a callback may destroy its own GET
    GetRequest request;
    ByteConsumer consume;
    GetDone done;
    Call call;
    std::atomic<bool> over{false};       // answered or ended
    std::atomic<bool> cancelled{false};  // ended before it was answered
  };

  std::unique_ptr<PendingGet> Start(const GetRequest& request, ByteConsumer consume, GetDone done, const Call& call) {
    const std::lock_guard lock(mutex_);
    auto get = std::make_shared<Get>();
    get->request = request;
    get->consume = std::move(consume);
    get->done = std::move(done);
    get->call = call;
    gets_.push_back(get);
    changed_.notify_all();
    return std::make_unique<Pending>(get);
  }

  StartRange function() {
    return [this](const GetRequest& request, ByteConsumer consume, GetDone done, const Call& call) {
      return Start(request, std::move(consume), std::move(done), call);
    };
  }

  std::size_t started() {
    const std::lock_guard lock(mutex_);
    return gets_.size();
  }
  void AwaitStarted(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return gets_.size() >= count; });
  }
  GetRequest request(std::size_t i) { return at(i)->request; }
  std::uint64_t offset(std::size_t i) { return at(i)->request.range.offset; }
  bool cancelled(std::size_t i) { return at(i)->cancelled; }
  std::size_t open() {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& get : gets_) count += !get->over;
    return count;
  }

  void Retry(std::size_t i, RetryCause cause) {
    const auto get = at(i);
    const std::lock_guard lock(get->callbacks);
    if (!get->over) get->call.on_retry(cause);
  }

  void Feed(std::size_t i, const std::string& bytes) {
    const auto get = at(i);
    const std::lock_guard lock(get->callbacks);
    if (!get->over) get->consume(bytes);
  }

  void Finish(std::size_t i, const Result<ObjectInfo>& answer) {
    const auto get = at(i);
    const std::lock_guard lock(get->callbacks);
    if (get->over.exchange(true)) return;
    get->done(answer);
  }

  void Complete(std::size_t i) {
    const auto get = at(i);
    const std::lock_guard lock(get->callbacks);
    const std::string bytes = ExpectedBytes(get->request.range.offset, get->request.range.length);
    // In two pieces, as a network would.
    Feed(i, bytes.substr(0, bytes.size() / 2));
    Feed(i, bytes.substr(bytes.size() / 2));
    Finish(i, ObjectInfo{get->request.key, 1 << 30, get->request.if_match, {}});
  }

 private:
  class Pending : public PendingGet {
   public:
    explicit Pending(std::shared_ptr<Get> get) : get_(std::move(get)) {}
    ~Pending() override {
      const std::lock_guard lock(get_->callbacks);
      get_->cancelled = !get_->over.exchange(true);
    }

   private:
    const std::shared_ptr<Get> get_;
  };

  std::shared_ptr<Get> at(std::size_t i) {
    const std::lock_guard lock(mutex_);
    return gets_.at(i);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Get>> gets_;
};

}  // namespace eider
