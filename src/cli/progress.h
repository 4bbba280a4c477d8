// One line on a terminal that says how far something is, drawn again at most five times a second and removed at the
// end. What takes less than half a second shows none.
#pragma once

#include <string>

#include "base/clock.h"

namespace eider {

class Progress {
 public:
  // On standard error.
  explicit Progress(bool shown, SteadyClock clock = SystemSteadyClock());
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether a line would be drawn now: asked first, where finding out what to say costs something.
  bool due() const;

  // A bar for `share`, 0 to 1, with `text` behind it; text alone for a share that is unknown, below 0.
  void Show(double share, const std::string& text);

  double seconds() const;  // since the start

 private:
  const bool shown_;
  const SteadyClock clock_;
  const SteadyTime begun_;
  SteadyTime drawn_;
  bool any_ = false;
};

}  // namespace eider
