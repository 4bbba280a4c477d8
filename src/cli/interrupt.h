// Ctrl-C and SIGTERM as a stop token, so that what was begun ends in order: queries interrupted, uploads aborted.
// A second signal ends the process at once, and SIGTERM while nothing runs, where Ctrl-C does
// nothing; a terminal is then as it was.
#pragma once

#include <termios.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

namespace eider {

class Interrupt {
 public:
  // Before any thread starts that is not to get the signals itself.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Of what is running now.
  std::stop_token token() const;

  // Nothing runs from here on, until something does.
  void Idle();
  void Busy();

 private:
  bool Stop(int signal);
  [[noreturn]] void End() const;

  mutable std::mutex mutex_;  // guards the two below
  std::stop_source stop_;
  bool idle_ = false;
  std::optional<termios> terminal_;  // as it was at the start
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace eider
