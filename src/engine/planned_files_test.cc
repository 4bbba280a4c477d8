#include "engine/planned_files.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace eider {
namespace {

class PlannedFilesTest : public testing::Test {
 protected:
  static duckdb::SimpleMultiFileList Paths() {
    return duckdb::SimpleMultiFileList({duckdb::OpenFileInfo("lake://a/1.parquet"),
                                        duckdb::OpenFileInfo("other.parquet"),
                                        duckdb::OpenFileInfo("lake://b.parquet")});
  }

  std::vector<std::string> needed_;
  PlannedFiles files_{Paths(), [this](const std::string& key) { needed_.push_back(key); }};
};

TEST_F(PlannedFilesTest, HandsOutEachObjectOnceItIsPlanned) {
  duckdb::MultiFileListScanData scan;
  files_.InitializeScan(scan);
  duckdb::OpenFileInfo file;
  EXPECT_TRUE(needed_.empty());
  ASSERT_TRUE(files_.Scan(scan, file));
  EXPECT_EQ(file.path, "lake://a/1.parquet");
  EXPECT_EQ(needed_, std::vector<std::string>({"a/1.parquet"}));
  ASSERT_TRUE(files_.Scan(scan, file));
  EXPECT_EQ(file.path, "other.parquet");
  EXPECT_EQ(needed_.size(), 1u);
  ASSERT_TRUE(files_.Scan(scan, file));
  EXPECT_EQ(file.path, "lake://b.parquet");
  EXPECT_EQ(needed_.back(), "b.parquet");
  EXPECT_FALSE(files_.Scan(scan, file));
}

TEST_F(PlannedFilesTest, NamesAndCountsWaitForNothing) {
  const duckdb::MultiFileList& files = files_;
  EXPECT_EQ(files.GetDisplayFileList().size(), 3u);
  EXPECT_EQ(files.GetDisplayFileList(2).size(), 2u);
  EXPECT_EQ(files.GetDisplayFileList(7).back().path, "lake://b.parquet");
  EXPECT_EQ(files_.GetTotalFileCount(), 3u);
  EXPECT_EQ(files_.GetAllFiles().size(), 3u);
  EXPECT_TRUE(needed_.empty());
}

}  // namespace
}  // namespace eider
