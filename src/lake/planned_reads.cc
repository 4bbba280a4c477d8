#include "lake/planned_reads.h"

#include <fmt/format.h>

namespace eider {
namespace {

// A scan that reads this many objects further has passed an object that nobody is reading: more than the workers that
// open objects side by side. Wrongly given up, its bytes are fetched again.
constexpr ScanPosition kPassedObjects = 16;

// The upper half of a position is the scan's number, the lower the object's within it.
constexpr ScanPosition ScanOf(ScanPosition position) { return position >> 32 << 32; }

}  // namespace

class PlannedReads::Reader final : public ObjectReader {
 public:
  Reader(std::shared_ptr<PlannedReads> owner, ObjectReads& object) : owner_(std::move(owner)), object_(object) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() override { object_.Close(cursor_); }

  Status Read(std::uint64_t offset, std::span<char> out, const Call& call) override {
    if (!begun_) {
      begun_ = true;
      owner_->Reach(object_);
    }
    return object_.Read(cursor_, offset, out, call);
  }

 private:
  const std::shared_ptr<PlannedReads> owner_;
  ObjectReads& object_;
  ObjectReads::Cursor cursor_;
  bool begun_ = false;
};

PlannedReads::PlannedReads(std::shared_ptr<const Snapshot> snapshot, ReadCounters& counters)
    : snapshot_(std::move(snapshot)),
      queue_(snapshot_->reads().scheduler->NewQueue()),
      sources_{*snapshot_->reads().scheduler, *queue_, snapshot_->reads().cache, counters} {}

ObjectReads& PlannedReads::Find(const ObjectInfo& object) {
  const std::lock_guard lock(mutex_);
  auto& reads = objects_[object.key];
  if (!reads) reads = std::make_unique<ObjectReads>(object, snapshot_->tail(object.key), sources_);
  return *reads;
}

void PlannedReads::PlanTail(const std::string& key, ScanPosition position) { Find(key).PlanTail(position); }

Status PlannedReads::AwaitTail(const std::string& key, bool in_turn, const Call& call) {
  return Find(key).AwaitTail(in_turn, call);
}

void PlannedReads::Plan(const std::string& key, std::vector<WantedRange> wanted, ScanPosition position) {
  ObjectReads& object = Find(key);
  object.Plan(std::move(wanted), position);
  const std::lock_guard lock(mutex_);
  by_position_[position] = &object;
}

void PlannedReads::EndPlan(const std::string& key) { Find(key).EndPlan(); }

void PlannedReads::PlanAll(const std::string& key, ScanPosition position) {
  // One part for each piece: a reader goes through it once, from its beginning to its end.
  Plan(key, {{{0, snapshot_->Find(key)->size_bytes}, 0, 1}}, position);
  EndPlan(key);
}

void PlannedReads::Reach(const ObjectReads& object) {
  const auto position = object.position();
  if (!position) return;
  const std::lock_guard lock(mutex_);
  if (!sources_.scheduler.short_of_memory()) return;
  for (auto next = by_position_.lower_bound(ScanOf(*position)); next != by_position_.end();) {
    if (next->first + kPassedObjects >= *position || !next->second->idle()) return;
    next->second->GiveUp();
    next = by_position_.erase(next);
  }
}

Result<std::unique_ptr<ObjectReader>> PlannedReads::Open(const std::string& key) {
  const ObjectInfo* object = snapshot_->Find(key);
  if (object == nullptr) return NotFound(fmt::format("no object '{}' in this statement's datasets", key));
  return std::unique_ptr<ObjectReader>(std::make_unique<Reader>(shared_from_this(), Find(*object)));
}

PlanCost PlannedReads::planned() const {
  const std::lock_guard lock(mutex_);
  PlanCost sum;
  for (const auto& [key, object] : objects_) {
    const PlanCost cost = object->planned();
    sum.requests += cost.requests;
    sum.bytes += cost.bytes;
  }
  return sum;
}

}  // namespace eider
