// Wakeup: how the thread of an invocation sleeps until there is something to do for it. One thread waits; any may wake.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace eider {

// A file descriptor, closed with its owner; -1: none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int Release();

  int fd_;
};

enum class Ready : std::uint8_t { kReady, kStopped, kLate };

// Until `fd` (-1: none) has one of poll(2)'s events, which comes first, or `stop_fd` can be read, or the deadline.
Ready WaitFor(int fd, short events, int stop_fd, SteadyTime deadline);

class Wakeup {
 public:
  Wakeup();

  // May be called at any time, also when this is gone.
  std::function<void()> Waker() const;

  // Until it was woken since the last wait; as WaitFor else.
  Ready Wait(int stop_fd, SteadyTime deadline);

  int fd() const { return event_->get(); }

 private:
  std::shared_ptr<Descriptor> event_;  // an eventfd
};

}  // namespace eider
