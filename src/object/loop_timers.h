// Calls functions at given times, on the thread of one of the CRT's event loops. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "object/aws_runtime.h"

namespace eider {

class LoopTimers {
 public:
  using Id = std::uint64_t;  // never 0

  explicit LoopTimers(std::shared_ptr<AwsRuntime> runtime);
  // Waits for a function that is running; none runs afterwards. Not on an event loop's thread.
  ~LoopTimers();
  LoopTimers(const LoopTimers&) = delete;
  LoopTimers& operator=(const LoopTimers&) = delete;

  // `call` must not block. A time that has passed means soon.
  Id At(SteadyTime when, std::function<void()> call);

  // Of one that has run, or is running, or of 0: nothing.
  void Cancel(Id id);

 private:
  struct State;
  const std::shared_ptr<AwsRuntime> runtime_;
  const std::shared_ptr<State> state_;
};

}  // namespace eider
