// BlockCache: ranges of objects that were read before, in memory and, when a folder is given, on disk. A range is known
// by its object's key and ETag, so a changed object is simply another one.
// Memory takes a range when it is asked for the second time: what is read once never pushes out what is read often.
// The folder takes every range, for the next process may be the one that asks again. Thread-safe; several processes may
// share a folder.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "lake/block_folder.h"
#include "object/ranges.h"

namespace eider {

struct BlockCacheOptions {
  std::uint64_t memory_bytes = 64 << 20;
  std::string folder;  // empty: none
  std::uint64_t folder_bytes = 10ull << 30;
};

struct BlockCacheStats {
  std::uint64_t memory_hits = 0;
  std::uint64_t folder_hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t memory_bytes = 0;  // held now
  std::uint64_t memory_evictions = 0;
  BlockFolderUse folder;
};

class BlockCache {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  // `store` names the lake, so that lakes may share a folder.
  BlockCache(std::string store, BlockCacheOptions options);

  // Null when it is not here.
  Bytes Find(const ObjectInfo& object, const Extent& extent);

  // What Find did not have, after it was fetched; `fill` gives the bytes, if they are taken.
  using Fill = std::function<Status(std::span<char> bytes)>;
  void Offer(const ObjectInfo& object, const Extent& extent, const Fill& fill);

  BlockCacheStats stats() const;

 private:
  std::string NameOf(const ObjectInfo& object, const Extent& extent) const;
  bool AskedBefore(const std::string& name);
  void Keep(const std::string& name, Bytes bytes);

  const std::string store_;
  const BlockCacheOptions options_;
  const std::unique_ptr<BlockFolder> folder_;  // null: none

  struct Entry {
    std::string name;
    Bytes bytes;
  };
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
  std::array<std::uint64_t, 1 << 14> asked_{};  // hashes of names that were asked for, each in its place
  BlockCacheStats stats_;
};

}  // namespace eider
