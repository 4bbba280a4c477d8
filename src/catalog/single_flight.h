// SingleFlight: callers that ask for the same key at the same time share one run of the work. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "object/object_store.h"

namespace eider {

template <class Value>
class SingleFlight {
 public:
  using Work = std::function<Result<Value>()>;

  // Runs `work` on the first caller's thread, under that caller's Call; the others wait for it under their own.
  // When the first caller gave up, a waiting one does the work anew rather than fail for another's impatience.
  Result<Value> Do(const std::string& key, const Call& call, const Work& work) {
    for (;;) {
      std::unique_lock lock(mutex_);
      const auto [place, first] = flights_.try_emplace(key);
      if (first) {
        const auto flight = place->second = std::make_shared<Flight>();
        lock.unlock();
        return Land(key, *flight, work());
      }
      const auto flight = place->second;
      if (!Wait(lock, call, *flight)) {
        return call.stop.stop_requested() ? Error{ErrorKind::kCancelled, "cancelled", {}}
                                          : Error{ErrorKind::kTimeout, "timed out waiting for the dataset to open", {}};
      }
      if (flight->result->ok() || !GaveUp(flight->result->error())) return *flight->result;
    }
  }

 private:
  struct Flight {
    std::optional<Result<Value>> result;
  };

  static bool GaveUp(const Error& error) {
    return error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kTimeout;
  }

  Result<Value> Land(const std::string& key, Flight& flight, Result<Value> result) {
    {
      const std::lock_guard lock(mutex_);
      flight.result = result;
      flights_.erase(key);
    }
    landed_.notify_all();
    return result;
  }

  bool Wait(std::unique_lock<std::mutex>& lock, const Call& call, const Flight& flight) {
    const auto done = [&] { return flight.result.has_value(); };
    if (call.deadline == SteadyTime::max()) return landed_.wait(lock, call.stop, done);
    return landed_.wait_until(lock, call.stop, call.deadline, done);
  }

  std::mutex mutex_;
  std::condition_variable_any landed_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace eider
