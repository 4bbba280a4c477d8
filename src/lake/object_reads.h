// The planned and running reads of one object by one statement. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "lake/block_cache.h"
#include "lake/merge_ranges.h"
#include "lake/range_scheduler.h"
#include "lake/snapshot.h"

namespace eider {

// DuckDB looks at so many bytes where it expects a page's head, however few follow, and then reads on behind the head.
// So as many are fetched behind a planned range, and reading them does not end it.
inline constexpr std::uint64_t kPageHead = 256;

struct PlanCost {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
};

// Where a statement's bytes come from, and where they are counted.
struct ReadSources {
  RangeScheduler& scheduler;
  RangeScheduler::Queue& queue;
  BlockCache* cache;  // null: none
  ReadCounters& counters;
};

class ObjectReads {
 public:
  // `tail`: the object's last bytes, or null. `sources` must outlive the reads.
  ObjectReads(const ObjectInfo& object, std::shared_ptr<const std::string> tail, const ReadSources& sources);

  // See PlannedReads.
  void PlanTail(ScanPosition position);
  Status AwaitTail(bool in_turn, const Call& call);
  void Plan(std::vector<WantedRange> wanted, ScanPosition position);
  void EndPlan();
  PlanCost planned() const;

  // Where one reader is. Each belongs to one thread at a time.
  struct Cursor {
    std::uint64_t expected = 0;  // where the last read ended
    std::uint64_t window = 0;    // how far to read ahead of a reader that goes on from there
  };
  Status Read(Cursor& cursor, std::uint64_t offset, std::span<char> out, const Call& call);
  void Close(const Cursor& cursor);

  // Nobody will read what is left of the plan.
  void GiveUp();
  bool idle() const;  // no reader is in any group
  std::optional<ScanPosition> position() const;

 private:
  // What is wanted of a group within a segment. It is done with when its last byte was read so many times, a look at a
  // page's head aside: readers go through it from front to back, and may skip pages.
  struct Part {
    std::uint32_t group;
    Extent extent;
    std::uint32_t times;
  };
  // One request, for one or more segments.
  struct Fetch {
    Extent extent;
    std::shared_ptr<ScheduledRange> range;
    bool counted = false;  // it was read from
  };
  // A piece of what one request fetches, or of what was here before; its memory goes when it was read.
  struct Segment {
    ~Segment();
    Status Read(std::uint64_t offset, std::span<char> out, const Call& call) const;

    Extent extent;
    std::shared_ptr<Fetch> fetch;  // null: `known`
    std::shared_ptr<const std::string> known;
    std::vector<Part> parts;  // none: of unknown use, kept until the object is planned
    bool arrived = false;     // it was read from, so the cache was told
  };
  using SegmentPointer = std::shared_ptr<Segment>;

  SegmentPointer Find(std::uint64_t offset) const;
  std::uint64_t NextSegment(std::uint64_t offset) const;
  bool AddKnown(const Extent& extent, std::vector<Part> parts);
  void AddFetch(Extent extent, ScanPosition position, const std::vector<Part>& parts);
  void FetchMissing(Cursor& cursor, std::uint64_t offset, std::uint64_t length);
  std::vector<Extent> Arrive(Segment& segment);
  void Done(const Cursor& cursor, Segment& segment, const Extent& read, bool only_a_look);
  void Pass(const Cursor& cursor, std::uint32_t group);
  void DropBefore(std::uint32_t group);
  std::uint64_t TailOffset() const;

  const ObjectInfo& object_;
  const ReadSources& sources_;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, SegmentPointer> segments_;  // by offset; disjoint
  SegmentPointer tail_;                               // until the plan has ended
  std::map<const Cursor*, std::uint32_t> at_group_;   // readers that are in a group
  bool planned_ = false;
  std::optional<ScanPosition> position_;
  PlanCost cost_;
};

}  // namespace eider
