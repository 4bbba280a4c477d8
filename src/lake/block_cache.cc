#include "lake/block_cache.h"

#include <utility>

#include "base/digest.h"

namespace eider {

BlockCache::BlockCache(std::string store, BlockCacheOptions options)
    : store_(std::move(store)),
      options_(std::move(options)),
      folder_(options_.folder.empty() ? nullptr
                                      : std::make_unique<BlockFolder>(options_.folder, options_.folder_bytes)) {}

std::string BlockCache::NameOf(const ObjectInfo& object, const Extent& extent) const {
  PartsDigest name;
  for (const std::string& part : {store_, object.key, object.etag}) name.Add(part);
  name.Add(std::to_string(extent.offset));
  name.Add(std::to_string(extent.length));
  return name.Hex();
}

BlockCache::Bytes BlockCache::Find(const ObjectInfo& object, const Extent& extent) {
  if (object.etag.empty()) return nullptr;  // nothing would tell a changed object from this one
  const std::string name = NameOf(object, extent);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(name); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      ++stats_.memory_hits;
      return found->second->bytes;
    }
  }
  Bytes bytes = folder_ ? folder_->Read(name, extent.length) : nullptr;
  const std::lock_guard lock(mutex_);
  ++(bytes ? stats_.folder_hits : stats_.misses);
  return bytes;
}

void BlockCache::Offer(const ObjectInfo& object, const Extent& extent, const Fill& fill) {
  if (object.etag.empty()) return;
  const std::string name = NameOf(object, extent);
  const bool for_memory = AskedBefore(name) && extent.length <= options_.memory_bytes / 4;
  if (!folder_ && !for_memory) return;
  std::string bytes(extent.length, '\0');
  if (!fill(bytes)) return;
  if (folder_) folder_->Write(name, bytes);
  if (for_memory) Keep(name, std::make_shared<const std::string>(std::move(bytes)));
}

bool BlockCache::AskedBefore(const std::string& name) {
  const std::uint64_t hash = std::hash<std::string>()(name);
  const std::lock_guard lock(mutex_);
  return std::exchange(asked_[hash % asked_.size()], hash) == hash;
}

void BlockCache::Keep(const std::string& name, Bytes bytes) {
  const std::lock_guard lock(mutex_);
  if (index_.contains(name)) return;
  stats_.memory_bytes += bytes->size();
  entries_.push_front({name, std::move(bytes)});
  index_[name] = entries_.begin();
  while (stats_.memory_bytes > options_.memory_bytes) {
    stats_.memory_bytes -= entries_.back().bytes->size();
    index_.erase(entries_.back().name);
    entries_.pop_back();
    ++stats_.memory_evictions;
  }
}

BlockCacheStats BlockCache::stats() const {
  const std::lock_guard lock(mutex_);
  BlockCacheStats now = stats_;
  if (folder_) now.folder = folder_->use();
  return now;
}

}  // namespace eider
