// Snapshot: the objects that one statement may read, pinned to the ETags seen when it began.
// A read is answered with the bytes of exactly that version or with an error, never with a mixture.
// Immutable; shared by statements and their threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "object/object_store.h"

namespace eider {

// How a lake asks for bytes: ObjectStore::Get of whatever store stands behind it, or a test's stand-in.
using RangeFetcher = std::function<Result<ObjectInfo>(const GetRequest&, const ByteConsumer&, const Call&)>;

// What a statement really read.
struct ReadCounters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> cache_hits{0};  // ranges that the block cache had
};

// kInvalid unless the span lies within the object.
Status CheckSpan(const ObjectInfo& object, std::uint64_t offset, std::size_t length);

// kConflict: the object is no longer the pinned version.
Error ReplacedWhileRead(const std::string& key);

// Reads one pinned object. Any thread.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;

  // Fills `out` whole from `offset`, or fails: kConflict when the object is no longer the pinned version,
  // kInvalid when the span reaches past its end.
  virtual Status Read(std::uint64_t offset, std::span<char> out, const Call& call) = 0;
};

// The last bytes of objects, by key, from when they were looked up.
using ObjectTails = std::map<std::string, std::shared_ptr<const std::string>>;

class BlockCache;
class RangeScheduler;

// What a remote lake is read through; both are null where reads are no round trips.
struct RemoteReads {
  RangeScheduler* scheduler = nullptr;
  BlockCache* cache = nullptr;  // may be null
};

class Snapshot {
 public:
  // `store` and `remote` must outlive the snapshot; the store may be null in tests that never open.
  Snapshot(std::vector<ObjectInfo> objects, ObjectStore* store, RemoteReads remote = {}, ObjectTails tails = {});
  Snapshot(std::vector<ObjectInfo> objects, RangeFetcher fetch);
  // All objects of several, which are of one store.
  explicit Snapshot(const std::vector<std::shared_ptr<const Snapshot>>& parts);

  const ObjectInfo* Find(const std::string& key) const;
  std::shared_ptr<const std::string> tail(const std::string& key) const;  // null where it is not known
  const std::map<std::string, ObjectInfo>& objects() const { return objects_; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  WallTime newest() const { return newest_; }
  const RemoteReads& reads() const { return reads_; }
  bool remote() const { return store_ == nullptr || store_->remote(); }

  // A reader of a pinned object, which adds what it reads to `counters` unless that is null; it must not outlive the
  // snapshot or the counters. kNotFound when the key is not pinned.
  Result<std::unique_ptr<ObjectReader>> Open(const std::string& key, ReadCounters* counters = nullptr) const;

 private:
  std::map<std::string, ObjectInfo> objects_;
  std::uint64_t size_bytes_ = 0;
  WallTime newest_{};
  ObjectStore* store_ = nullptr;
  RemoteReads reads_;
  ObjectTails tails_;
  RangeFetcher fetch_;
};

}  // namespace eider
