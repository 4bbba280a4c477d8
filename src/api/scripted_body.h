// For the tests: bodies that do what the test says, when it says so.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/body.h"

namespace eider {

inline constexpr std::chrono::seconds kTestPatience{30};

// Counts how often something happened; tests wait for it instead of sleeping.
class Tally {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool Reaches(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kTestPatience, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// The test's end of a ScriptedBody; outlives it.
struct Script {
  std::mutex mutex;
  std::string bytes;  // not yet read
  bool ended = false;
  std::optional<Error> failure;  // after `bytes`
  std::optional<std::uint64_t> length;
  std::vector<Header> trailers;
  std::function<void()> ready;
  Tally waits;      // how often the server had to wait
  Tally destroyed;  // at most once

  void Push(std::string_view more) {
    Change([&] { bytes += more; });
  }
  void End() {
    Change([&] { ended = true; });
  }
  void Fail() {
    Change([&] { failure = Error{ErrorKind::kUnavailable, "the store is gone", {}}; });
  }

 private:
  void Change(const std::function<void()>& change) {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex);
      change();
      wake.swap(ready);
    }
    if (wake) wake();
  }
};

class ScriptedBody : public Body {
 public:
  explicit ScriptedBody(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  ~ScriptedBody() override {
    {
      const std::lock_guard lock(script_->mutex);
      script_->ready = nullptr;
    }
    script_->destroyed.Add();
  }

  Result<Piece> Read(std::span<char> out) override {
    const std::lock_guard lock(script_->mutex);
    if (!script_->bytes.empty()) {
      const std::size_t size = script_->bytes.copy(out.data(), out.size());
      script_->bytes.erase(0, size);
      return Piece{State::kBytes, size};
    }
    if (script_->failure) return *script_->failure;
    return Piece{script_->ended ? State::kEnd : State::kPending, 0};
  }

  void WhenReadable(std::function<void()> ready) override {
    bool now = true;
    {
      const std::lock_guard lock(script_->mutex);
      now = !script_->bytes.empty() || script_->ended || script_->failure;
      if (!now) script_->ready = ready;
    }
    script_->waits.Add();
    if (now) ready();
  }

  std::optional<std::uint64_t> size() const override { return script_->length; }
  std::vector<std::string> trailer_names() const override {
    std::vector<std::string> names;
    for (const Header& trailer : script_->trailers) names.push_back(trailer.name);
    return names;
  }
  std::vector<Header> trailers() const override { return script_->trailers; }

 private:
  const std::shared_ptr<Script> script_;
};

// `size` bytes of a text that repeats after a prime number of them, so that no lost or doubled buffer goes unseen.
class PatternBody : public Body {
 public:
  explicit PatternBody(std::uint64_t size, std::shared_ptr<Tally> destroyed = nullptr)
      : size_(size), destroyed_(std::move(destroyed)) {}
  ~PatternBody() override {
    if (destroyed_) destroyed_->Add();
  }

  static std::string All(std::uint64_t size) {
    std::string out;
    while (out.size() < size) out += Text().substr(0, size - out.size());
    return out;
  }

  Result<Piece> Read(std::span<char> out) override {
    const std::string_view rest = Text().substr(done_ % Text().size());
    const std::size_t size = rest.copy(out.data(), std::min<std::uint64_t>(out.size(), size_ - done_));
    done_ += size;
    return Piece{size == 0 ? State::kEnd : State::kBytes, size};
  }
  void WhenReadable(std::function<void()> ready) override { ready(); }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  static std::string_view Text() {
    static const std::string text = [] {
      std::string made(99'991, ' ');
      for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<char>('a' + (i * 7 + i / 4099) % 26);
      return made;
    }();
    return text;
  }

  const std::uint64_t size_;
  std::uint64_t done_ = 0;
  const std::shared_ptr<Tally> destroyed_;
};

}  // namespace eider
