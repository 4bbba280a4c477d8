// Ctrl-C and SIGTERM as a stop token, so that what was begun ends in order: queries interrupted, uploads aborted.
// A second signal ends the process at once.
#pragma once

#include <atomic>
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

  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace eider
