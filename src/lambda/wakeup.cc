#include "lambda/wakeup.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace eider {
namespace {

// poll(2) counts in milliseconds, in an int: the rest of a longer wait is waited for next.
constexpr std::int64_t kLongestPollMs = 3'600'000;

int PollMs(SteadyTime deadline) {
  if (deadline == SteadyTime::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kLongestPollMs));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.Release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int Descriptor::Release() { return std::exchange(fd_, -1); }

Ready WaitFor(int fd, short events, int stop_fd, SteadyTime deadline) {
  for (;;) {
    pollfd waited[2] = {{fd, events, 0}, {stop_fd, POLLIN, 0}};  // a negative one is passed over
    const int timeout_ms = PollMs(deadline);
    const int found = ::poll(waited, 2, timeout_ms);
    if (found < 0 && errno != EINTR) return Ready::kStopped;  // nothing can be waited for any more
    if (found > 0) return waited[0].revents != 0 ? Ready::kReady : Ready::kStopped;
    if (found == 0 && std::chrono::steady_clock::now() >= deadline) return Ready::kLate;
  }
}

Wakeup::Wakeup() : event_(std::make_shared<Descriptor>(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}

std::function<void()> Wakeup::Waker() const {
  return [event = event_] {
    const std::uint64_t one = 1;
    // It fails only when it was woken 2^64 times already.
    [[maybe_unused]] const auto written = ::write(event->get(), &one, sizeof one);
  };
}

Ready Wakeup::Wait(int stop_fd, SteadyTime deadline) {
  const Ready ready = WaitFor(event_->get(), POLLIN, stop_fd, deadline);
  std::uint64_t count = 0;
  if (ready == Ready::kReady) [[maybe_unused]]
    const auto read = ::read(event_->get(), &count, sizeof count);
  return ready;
}

}  // namespace eider
