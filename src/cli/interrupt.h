// Ctrl-C and SIGTERM as a stop token, so that what was begun ends in order: queries interrupted, uploads aborted.
// A second signal ends the process at once.
#pragma once

#include <atomic>
#include <mutex>
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

  // What was running has ended: signals from here on are about what comes next.
  void Renew();

 private:
  bool Stop();

  mutable std::mutex mutex_;  // guards stop_
  std::stop_source stop_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace eider
