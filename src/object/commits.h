// Commits: ends uploads side by side. A dataset of 10,000 small objects is 10,000 round trips, which one after another
// would take minutes. One thread calls it; the stop and the deadline are those of the uploads' own calls.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "object/object_store.h"

namespace eider {

class Commits {
 public:
  Commits() = default;
  ~Commits();  // uploads whose commit has not begun are aborted; waits for those under way
  Commits(const Commits&) = delete;
  Commits& operator=(const Commits&) = delete;

  // Commits the upload, which holds about `bytes` in memory, soon; waits while too many or too large ones are under
  // way. Answers the first error of any commit, after which nothing more is committed.
  Status Add(std::unique_ptr<Upload> upload, std::uint64_t bytes);

  // Waits for all.
  Status Finish();

  // What was committed, in no order; also after an error. Not while commits are under way.
  std::vector<ObjectInfo>& done() { return done_; }

 private:
  struct Waiting {
    std::unique_ptr<Upload> upload;
    std::uint64_t bytes = 0;
  };

  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::size_t open_ = 0;  // waiting or under way
  std::uint64_t open_bytes_ = 0;
  std::size_t idle_ = 0;  // threads without work
  bool ending_ = false;
  std::optional<Error> failed_;
  std::vector<ObjectInfo> done_;
  std::vector<std::thread> threads_;
};

}  // namespace eider
