// The loop of a Lambda function: the next invocation, its answer, and again.
#pragma once

#include <functional>

#include "lambda/function.h"
#include "lambda/runtime_address.h"

namespace eider {

struct LoopOptions {
  RuntimeAddress address;
  FunctionOptions function;
  // Invocations at once, each on a thread of its own: AWS_LAMBDA_MAX_CONCURRENCY of a managed instance.
  int concurrency = 1;
  // Waits until nothing of the invocations before is left at work, at most until a moment: between two of them the
  // machine sleeps, and what was left would take the time of the next.
  std::function<void(SteadyTime)> settle;
};

// Blocks until it is stopped, which is no error, or the runtime API answers nothing useful any more.
Status RunInvocations(Handler& handler, const LoopOptions& options);

}  // namespace eider
