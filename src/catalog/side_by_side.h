// Runs the same step for many items on several threads, for work that mostly waits for a store.
#pragma once

#include <cstddef>
#include <functional>

#include "object/object_store.h"

namespace eider {

// Calls step(0) … step(count - 1), each once, on up to `threads` threads; returns when all have ended. After a failure
// no new step begins, and the failure of the lowest index is answered. The call's stop and deadline end it too.
Status SideBySide(std::size_t count, int threads, const Call& call, const std::function<Status(std::size_t)>& step);

}  // namespace eider
