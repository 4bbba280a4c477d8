#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace eider {
namespace {

constexpr int kExitInterrupted = 130;

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR1);  // ends the thread
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  termios terminal{};
  if (::tcgetattr(STDIN_FILENO, &terminal) == 0) terminal_ = terminal;
  const sigset_t set = Signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this, set] {
    for (int signal = 0; sigwait(&set, &signal) == 0;) {
      if (signal == SIGUSR1 && done_) return;
      if (signal == SIGUSR1) continue;
      if (!Stop(signal)) End();
    }
  });
}

bool Interrupt::Stop(int signal) {
  std::stop_source stop;
  {
    const std::lock_guard lock(mutex_);
    // Ctrl-C is a key of the line's while one is read; one that comes as a signal was typed just before.
    if (idle_) return signal == SIGINT;
    stop = stop_;
  }
  return stop.request_stop();
}

std::stop_token Interrupt::token() const {
  const std::lock_guard lock(mutex_);
  return stop_.get_token();
}

void Interrupt::Idle() {
  const std::lock_guard lock(mutex_);
  idle_ = true;
}

void Interrupt::Busy() {
  const std::lock_guard lock(mutex_);
  idle_ = false;
  stop_ = std::stop_source();
}

void Interrupt::End() const {
  if (terminal_) ::tcsetattr(STDIN_FILENO, TCSANOW, &*terminal_);
  ::_exit(kExitInterrupted);
}

Interrupt::~Interrupt() {
  done_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
}

}  // namespace eider
