#include "lake/block_cache.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "lake/block_files.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

const ObjectInfo kObject{"a/b.parquet", 1000, "v1", {}};

std::string Found(BlockCache& cache, const ObjectInfo& object, const Extent& extent) {
  const auto bytes = cache.Find(object, extent);
  return bytes ? *bytes : "nothing";
}

void Offer(BlockCache& cache, const ObjectInfo& object, const Extent& extent, std::string_view bytes) {
  cache.Offer(object, extent, [&](std::span<char> out) {
    bytes.copy(out.data(), out.size());
    return Status();
  });
}

BlockCacheOptions Memory(std::uint64_t bytes) { return {bytes, {}, 0}; }
BlockCacheOptions Folder(const TemporaryFolder& folder, std::uint64_t bytes = 1 << 20) {
  return {0, folder.path() / "cache", bytes};
}

TEST(BlockCacheTest, MemoryTakesWhatIsAskedForTheSecondTime) {
  BlockCache cache("s3://b", Memory(1000));
  EXPECT_EQ(Found(cache, kObject, {5, 3}), "nothing");
  Offer(cache, kObject, {5, 3}, "abc");
  EXPECT_EQ(Found(cache, kObject, {5, 3}), "nothing");
  Offer(cache, kObject, {5, 3}, "abc");
  EXPECT_EQ(Found(cache, kObject, {5, 3}), "abc");
  EXPECT_EQ(Found(cache, kObject, {5, 2}), "nothing");
  EXPECT_EQ(cache.stats().memory_hits, 1u);
}

TEST(BlockCacheTest, AChangedObjectIsAnother) {
  TemporaryFolder folder;
  BlockCache cache("s3://b", Folder(folder));
  Offer(cache, kObject, {0, 3}, "old");
  ObjectInfo changed = kObject;
  changed.etag = "v2";
  EXPECT_EQ(Found(cache, changed, {0, 3}), "nothing");
  EXPECT_EQ(Found(cache, kObject, {0, 3}), "old");
}

TEST(BlockCacheTest, WithoutAnETagNothingIsKept) {
  TemporaryFolder folder;
  BlockCache cache("https://h", Folder(folder));
  const ObjectInfo object{"a", 10, "", {}};
  Offer(cache, object, {0, 3}, "abc");
  EXPECT_EQ(Found(cache, object, {0, 3}), "nothing");
}

TEST(BlockCacheTest, MemoryStaysWithinItsBytes) {
  BlockCache cache("s3://b", Memory(400));
  const std::string bytes(100, 'x');
  for (std::uint64_t round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < 10; ++i) Offer(cache, kObject, {i * 100, 100}, bytes);
  }
  EXPECT_EQ(cache.stats().memory_bytes, 400u);
  EXPECT_EQ(Found(cache, kObject, {900, 100}), bytes);
  EXPECT_EQ(Found(cache, kObject, {0, 100}), "nothing");
}

TEST(BlockCacheTest, TheFolderOutlivesTheProcessAndLakesAreApart) {
  TemporaryFolder folder;
  {
    BlockCache first("s3://b", Folder(folder));
    Offer(first, kObject, {0, 3}, "abc");
  }
  BlockCache again("s3://b", Folder(folder));
  EXPECT_EQ(Found(again, kObject, {0, 3}), "abc");
  BlockCache other("s3://c", Folder(folder));
  EXPECT_EQ(Found(other, kObject, {0, 3}), "nothing");
}

TEST(BlockCacheTest, ADamagedFileIsNoBlock) {
  for (const std::string& damage : std::vector<std::string>{"", "short", std::string(35, 'x'), std::string(100, 'x')}) {
    TemporaryFolder folder;
    BlockCache cache("s3://b", Folder(folder));
    Offer(cache, kObject, {0, 3}, "abc");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (entry.is_regular_file() && entry.path().filename() != "CACHEDIR.TAG")
        std::ofstream(entry.path(), std::ios::trunc) << damage;
    }
    EXPECT_EQ(Found(cache, kObject, {0, 3}), "nothing");
    EXPECT_EQ(FindBlockFiles(folder.path() / "cache").size(), 0u);
  }
}

TEST(BlockCacheTest, TheFolderStaysWithinItsBytes) {
  TemporaryFolder folder;
  BlockCache cache("s3://b", Folder(folder, 20'000));
  const std::string bytes(1000, 'x');
  for (std::uint64_t i = 0; i < 100; ++i) Offer(cache, kObject, {i, 1000}, bytes);
  EXPECT_LE(BlockFolder(folder.path() / "cache", 20'000).use().bytes, 20'000u);
  EXPECT_EQ(Found(cache, kObject, {99, 1000}), bytes);
  const BlockFolderUse use = cache.stats().folder;
  std::uint64_t left = 0;
  for (const BlockFile& block : FindBlockFiles(folder.path() / "cache")) left += block.bytes;
  EXPECT_EQ(use.evictions, 100 - left / (32 + 1000));
  EXPECT_LE(use.bytes, left);  // written bytes are counted without their digests
  EXPECT_GT(use.bytes, left * 9 / 10);
}

TEST(BlockCacheTest, AFolderThatCannotBeUsedHoldsNothing) {
  BlockCache cache("s3://b", {0, "/proc/no/such/folder", 1 << 20});
  Offer(cache, kObject, {0, 3}, "abc");
  EXPECT_EQ(Found(cache, kObject, {0, 3}), "nothing");
}

TEST(BlockCacheTest, CachesOfOneFolderWorkSideBySide) {
  TemporaryFolder folder;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      BlockCache cache("s3://b", {2000, folder.path() / "cache", 30'000});
      for (std::uint64_t at = 0; at < 300; ++at) {
        const Extent extent{at % 60, 500 + at % 60};
        const std::string bytes(extent.length, static_cast<char>('a' + at % 20));
        if (const auto found = cache.Find(kObject, extent); found && *found != bytes) ++wrong;
        Offer(cache, kObject, extent, bytes);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace eider
