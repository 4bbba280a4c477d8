#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace eider {
namespace {

constexpr std::chrono::milliseconds kFirst{500};
constexpr std::chrono::milliseconds kNext{200};
constexpr int kWidth = 30;

}  // namespace

Progress::Progress(bool shown, SteadyClock clock)
    : shown_(shown), clock_(std::move(clock)), begun_(clock_()), drawn_(begun_) {}

Progress::~Progress() {
  if (any_) fmt::print(stderr, "\r\033[K");
}

bool Progress::due() const { return shown_ && clock_() - drawn_ >= (any_ ? kNext : kFirst); }

double Progress::seconds() const { return std::chrono::duration<double>(clock_() - begun_).count(); }

void Progress::Show(double share, const std::string& text) {
  if (!due()) return;
  drawn_ = clock_();
  any_ = true;
  if (share < 0) {
    fmt::print(stderr, "\r\033[K{}", text);
  } else {
    const auto filled = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * kWidth);
    fmt::print(stderr, "\r\033[K[{}{}] {:.0f}%  {}", std::string(filled, '#'), std::string(kWidth - filled, ' '),
               100 * std::clamp(share, 0.0, 1.0), text);
  }
  std::fflush(stderr);
}

}  // namespace eider
