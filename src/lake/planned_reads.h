// The reads of one running statement on a remote lake: ranges are planned before they are asked for, fetched in scan
// order by the scheduler, and handed out from memory. What was not planned is fetched when it is asked for.
// Bytes are given up as soon as their last planned read is done, or when the scan has passed them. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lake/object_reads.h"
#include "lake/range_scheduler.h"
#include "lake/snapshot.h"

namespace eider {

class PlannedReads : public std::enable_shared_from_this<PlannedReads> {
 public:
  // The snapshot's reads() has a scheduler. `counters` must outlive the reads and their readers.
  PlannedReads(std::shared_ptr<const Snapshot> snapshot, ReadCounters& counters);

  // A plan for one object, which must be pinned: begun with its tail, where the footer is (or all of it, when that
  // costs no more than a second request), then what the footer shows, then ended: what nobody wanted is given up.
  void PlanTail(const std::string& key, ScanPosition position);
  // `in_turn`: without starting it before its turn.
  Status AwaitTail(const std::string& key, bool in_turn, const Call& call);
  // What overlaps with ranges planned before is not fetched again.
  void Plan(const std::string& key, std::vector<WantedRange> wanted, ScanPosition position);
  void EndPlan(const std::string& key);

  // Plans to read all of an object, from its beginning to its end.
  void PlanAll(const std::string& key, ScanPosition position);

  // A reader of a pinned object; it keeps these reads alive.
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key);

  // Requests and bytes that the plans above ask for, merged and split as they will be sent.
  PlanCost planned() const;

 private:
  class Reader;
  ObjectReads& Find(const ObjectInfo& object);
  ObjectReads& Find(const std::string& key) { return Find(*snapshot_->Find(key)); }
  // A reader begins with the object: what the scan has left behind is given up.
  void Reach(const ObjectReads& object);

  const std::shared_ptr<const Snapshot> snapshot_;
  const std::shared_ptr<RangeScheduler::Queue> queue_;
  const ReadSources sources_;

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<ObjectReads>> objects_;
  std::map<ScanPosition, ObjectReads*> by_position_;  // planned and not passed
};

}  // namespace eider
