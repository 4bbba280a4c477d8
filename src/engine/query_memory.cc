#include "engine/query_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "duckdb/main/client_data.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/storage/block_allocator.hpp"
#include "duckdb/storage/buffer/buffer_pool.hpp"
#include "duckdb/storage/object_cache.hpp"
#include "duckdb/storage/standard_buffer_manager.hpp"

namespace eider {
namespace {

// What bounded queries spill beside all others of an instance, whose cache keeps it. Thread-safe.
class SpillShare final : public duckdb::ObjectCacheEntry {
 public:
  explicit SpillShare(duckdb::DatabaseInstance& instance)
      : instance_(instance.GetBufferManager()),
        bytes_(duckdb::DBConfig::GetConfig(instance).options.maximum_swap_space) {}

  static std::string ObjectType() { return "eider_spill_share"; }
  std::string GetObjectType() override { return ObjectType(); }
  duckdb::optional_idx GetEstimatedCacheMemory() const override { return {}; }  // it is not evicted

  duckdb::idx_t bytes() const { return bytes_; }

  void Add(const duckdb::BufferManager& query) {
    const std::lock_guard lock(mutex_);
    queries_.insert(&query);
  }

  void Remove(const duckdb::BufferManager& query) {
    const std::lock_guard lock(mutex_);
    queries_.erase(&query);
    Divide();
  }

  // Whether a block more may be spilled.
  bool HasRoom() {
    const std::lock_guard lock(mutex_);
    return Divide();
  }

 private:
  // Leaves the instance's own queries what the bounded ones do not use.
  bool Divide() {
    duckdb::idx_t spilled = 0;
    for (const auto* query : queries_) spilled += query->GetUsedSwap();
    if (instance_.GetUsedSwap() + spilled >= bytes_) return false;
    try {
      instance_.SetSwapLimit(bytes_ - spilled);
    } catch (const duckdb::OutOfMemoryException&) {  // it has spilled more just now
      return false;
    }
    return true;
  }

  duckdb::BufferManager& instance_;
  const duckdb::idx_t bytes_;
  std::mutex mutex_;
  std::set<const duckdb::BufferManager*> queries_;
};

using SpillSharePointer = duckdb::shared_ptr<SpillShare>;

// What the instance holds for a query comes and goes in steps of 32 blocks of 256 KiB, so that few allocations ask it.
constexpr duckdb::idx_t kStepBytes = 8 << 20;

// All that DuckDB allocates for a query's operators passes EvictBlocks. Threads that pass it at once may each take one
// allocation more than they should.
class QueryPool final : public duckdb::BufferPool {
 public:
  QueryPool(duckdb::DatabaseInstance& instance, SpillSharePointer spill, std::uint64_t bytes)
      : BufferPool(duckdb::BlockAllocator::Get(instance), bytes, /*track_eviction_timestamps=*/false,
                   duckdb::DBConfig::GetConfig(instance).options.allocator_bulk_deallocation_flush_threshold),
        instance_(instance.GetBufferManager()),
        spill_(std::move(spill)),
        nothing_cached_(*this) {
    SetObjectCache(&nothing_cached_);
  }
  ~QueryPool() override { instance_.FreeReservedMemory(held_bytes_); }

 protected:
  EvictionResult EvictBlocks(duckdb::MemoryTag tag, duckdb::idx_t extra_bytes, duckdb::idx_t limit_bytes,
                             duckdb::unique_ptr<duckdb::FileBuffer>* buffer) override {
    const duckdb::idx_t wanted = GetUsedMemory(/*flush=*/false) + extra_bytes;
    limit_bytes = std::min(limit_bytes, Hold(std::min(wanted, limit_bytes)));
    if (wanted > limit_bytes && !spill_->HasRoom()) {
      return {false, duckdb::TempBufferPoolReservation(tag, *this, 0)};
    }
    return BufferPool::EvictBlocks(tag, extra_bytes, limit_bytes, buffer);
  }

 private:
  // Has the instance hold so much for this query, and answers what it does hold: less where it has no more.
  duckdb::idx_t Hold(duckdb::idx_t bytes) {
    const duckdb::idx_t steps = (bytes + kStepBytes - 1) / kStepBytes * kStepBytes;
    const std::lock_guard lock(mutex_);
    if (steps > held_bytes_) {
      try {
        instance_.ReserveMemory(steps - held_bytes_);
      } catch (const duckdb::OutOfMemoryException&) {
        return held_bytes_;
      }
      held_bytes_ = steps;
    } else if (held_bytes_ - steps > kStepBytes) {  // at one step's edge each allocation would ask
      instance_.FreeReservedMemory(held_bytes_ - steps);
      held_bytes_ = steps;
    }
    return held_bytes_;
  }

  duckdb::BufferManager& instance_;
  const SpillSharePointer spill_;
  duckdb::ObjectCache nothing_cached_;  // the last that a pool asks for memory; without one it would throw
  std::mutex mutex_;
  duckdb::idx_t held_bytes_ = 0;  // guarded by mutex_
};

// While it lives, the instance's pool is this one: a StandardBufferManager takes that of its instance, and once the
// instance is open nothing else looks there.
class PoolInPlace {
 public:
  PoolInPlace(duckdb::DatabaseInstance& instance, duckdb::shared_ptr<duckdb::BufferPool> pool)
      : lock_(Mutex()), place_(duckdb::DBConfig::GetConfig(instance).buffer_pool), before_(std::move(place_)) {
    place_ = std::move(pool);
  }
  ~PoolInPlace() { place_ = std::move(before_); }
  PoolInPlace(const PoolInPlace&) = delete;
  PoolInPlace& operator=(const PoolInPlace&) = delete;

 private:
  static std::mutex& Mutex() {
    static std::mutex mutex;
    return mutex;
  }

  const std::lock_guard<std::mutex> lock_;
  duckdb::shared_ptr<duckdb::BufferPool>& place_;
  duckdb::shared_ptr<duckdb::BufferPool> before_;
};

// A base, so that the pool outlives the manager.
struct PoolOwner {
  duckdb::shared_ptr<duckdb::BufferPool> pool;
};

class QueryBuffers final : private PoolOwner, public duckdb::StandardBufferManager {
 public:
  QueryBuffers(duckdb::DatabaseInstance& instance, duckdb::shared_ptr<duckdb::BufferPool> buffers, std::string folder,
               SpillSharePointer spill)
      : PoolOwner{buffers},
        // The left operand lives until the manager is made.
        StandardBufferManager((PoolInPlace(instance, buffers), instance), std::move(folder)),
        spill_(std::move(spill)) {
    SetSwapLimit(spill_->bytes());
    spill_->Add(*this);
  }
  ~QueryBuffers() override { spill_->Remove(*this); }

 private:
  const SpillSharePointer spill_;
};

}  // namespace

void BoundMemory(duckdb::ClientContext& context, std::uint64_t bytes) {
  static std::atomic<std::uint64_t> bounded{0};
  auto& instance = duckdb::DatabaseInstance::GetDatabase(context);
  const auto spill = instance.GetObjectCache().GetOrCreate<SpillShare>(SpillShare::ObjectType(), instance);
  // What plans how to sort and join looks at the pool's limit, and the instance never gives more than its own.
  bytes = std::min<std::uint64_t>(bytes, instance.GetBufferManager().GetMaxMemory());
  const std::string folder = fmt::format("{}/query-{}", instance.GetBufferManager().GetTemporaryDirectory(), bounded++);
  duckdb::ClientData::Get(context).client_buffer_manager = duckdb::make_uniq<QueryBuffers>(
      instance, duckdb::make_shared_ptr<QueryPool>(instance, spill, bytes), folder, spill);
}

}  // namespace eider
