#include "lake/block_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "lake/block_folder.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

namespace fs = std::filesystem;

const std::string kName = "0123456789abcdef0123456789abcdef";
const std::string kOther = "fedcba9876543210fedcba9876543210";

void Write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::trunc) << text;
}

std::span<const char> Bytes(std::string_view text) { return text; }

TEST(BlockFilesTest, AFolderIsACacheOnceItIsMarked) {
  TemporaryFolder folder;
  const fs::path cache = folder.path() / "deep" / "cache";
  EXPECT_FALSE(IsBlockFolder(cache));
  EXPECT_FALSE(IsBlockFolder(folder.path()));
  MarkBlockFolder(cache);
  MarkBlockFolder(cache);
  EXPECT_TRUE(IsBlockFolder(cache));
  Write(cache / "CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n");
  EXPECT_FALSE(IsBlockFolder(cache));
}

TEST(BlockFilesTest, ABlockIsFoundWithItsUse) {
  TemporaryFolder folder;
  ASSERT_TRUE(WriteBlock(folder.path(), kName, Bytes("abc")));
  const fs::path path = BlockPath(folder.path(), kName);
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(50));
  const auto old = FindBlockFiles(folder.path());
  ASSERT_EQ(old.size(), 1u);
  EXPECT_EQ(old[0].path, path);
  EXPECT_EQ(old[0].bytes, 32u + 3u);
  EXPECT_TRUE(old[0].finished);
  ASSERT_TRUE(ReadBlock(path, 3));
  EXPECT_GT(FindBlockFiles(folder.path())[0].used - old[0].used, std::chrono::hours(49));
}

TEST(BlockFilesTest, LookingForDamageIsNoUseAndRemovesNothing) {
  TemporaryFolder folder;
  ASSERT_TRUE(WriteBlock(folder.path(), kName, Bytes("abc")));
  ASSERT_TRUE(WriteBlock(folder.path(), kOther, Bytes("abc")));
  Write(BlockPath(folder.path(), kOther), "too short");
  const auto before = FindBlockFiles(folder.path());
  ASSERT_EQ(before.size(), 2u);
  for (const BlockFile& block : before) {
    EXPECT_EQ(IsWholeBlock(block), block.path == BlockPath(folder.path(), kName)) << block.path;
  }
  const auto after = FindBlockFiles(folder.path());
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(before[0].used, after[0].used);
}

TEST(BlockFilesTest, FilesOfOthersAreNotTheCaches) {
  TemporaryFolder folder;
  const std::vector<fs::path> others = {"thesis.tex", "ab/notes.txt",    "01/x/23456789abcdef0123456789abcdef",
                                        "a.part",     "photos/" + kName, "CACHEDIR.TAG"};
  for (const fs::path& other : others) Write(folder.path() / other, std::string(1000, 'x'));
  fs::create_symlink(folder.path() / "thesis.tex", folder.path() / "ab" / kName.substr(2));
  ASSERT_TRUE(WriteBlock(folder.path(), kName, Bytes("abc")));
  Write(folder.path() / (kOther + "-77-1.part"), "of a process that was killed");

  const auto blocks = FindBlockFiles(folder.path());
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_NE(blocks[0].finished, blocks[1].finished);
  EXPECT_EQ(RemoveBlocks(folder.path(), blocks), blocks[0].bytes + blocks[1].bytes);
  EXPECT_TRUE(FindBlockFiles(folder.path()).empty());
  for (const fs::path& other : others) EXPECT_TRUE(fs::exists(folder.path() / other)) << other;
}

// The quota of a cache in a folder that is more than a cache.
TEST(BlockFilesTest, RoomIsNeverMadeOfFilesOfOthers) {
  TemporaryFolder folder;
  Write(folder.path() / "thesis.tex", std::string(5000, 'x'));
  BlockFolder cache(folder.path(), 1000);
  for (int i = 10; i < 60; ++i) cache.Write(kName.substr(2) + std::to_string(i), Bytes(std::string(90, 'y')));
  EXPECT_GT(cache.use().evictions, 0u);
  EXPECT_EQ(fs::file_size(folder.path() / "thesis.tex"), 5000u);
}

TEST(BlockFilesTest, AClearedCacheIsACacheStillAndTakesBlocks) {
  TemporaryFolder folder;
  BlockFolder cache(folder.path(), 1 << 20);
  cache.Write(kName, Bytes("abc"));
  RemoveBlocks(folder.path(), FindBlockFiles(folder.path()));
  EXPECT_TRUE(IsBlockFolder(folder.path()));
  EXPECT_FALSE(fs::exists(BlockPath(folder.path(), kName).parent_path()));
  EXPECT_EQ(cache.Read(kName, 3), nullptr);
  cache.Write(kName, Bytes("abc"));
  EXPECT_TRUE(cache.Read(kName, 3));
}

}  // namespace
}  // namespace eider
