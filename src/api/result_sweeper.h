// ResultSweeper: removes the results that are kept no longer from a lake, now and every ten minutes, on a thread of its
// own until it is destroyed. Servers over one lake may do it side by side.
#pragma once

#include <thread>

#include "base/clock.h"
#include "object/object_store.h"

namespace eider {

class ResultSweeper {
 public:
  // `store` must outlive it.
  ResultSweeper(ObjectStore& store, WallClock clock);

 private:
  std::jthread thread_;
};

}  // namespace eider
