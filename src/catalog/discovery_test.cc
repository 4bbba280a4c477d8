#include "catalog/test_lake.h"

namespace eider {
namespace {

using DiscoveryTest = TestLake;

TEST_F(DiscoveryTest, AnEmptyLakeIsAnEmptyList) {
  EXPECT_EQ(Names(), "");
  EXPECT_EQ(Failure("flights").kind, ErrorKind::kNotFound);
}

TEST_F(DiscoveryTest, FilesAndFoldersOfTheRootAreDatasets) {
  PutParquet("flights.parquet", "SELECT 1 AS a");
  Put("airports.csv", "a,b\n1,x\n");
  Put("movies.json", "[{\"a\":1}]");
  Put("log.ndjson", "{\"a\":1}\n{\"a\":2}\n");
  PutParquet("trips/x/part-0.parquet", "SELECT 2 AS a");
  Put("README.md", "text");
  Put("_SUCCESS.csv", "a\n");
  Put(".hidden.csv", "a\n");
  Put("a b.csv", "a\n");
  Put("eider.schema.json", "{}");
  EXPECT_EQ(Names(), "airports flights log movies trips");
  EXPECT_EQ(Columns("flights"), "a INTEGER");
  EXPECT_EQ(Columns("airports"), "a BIGINT, b VARCHAR");
  EXPECT_EQ(Columns("movies"), "a BIGINT");
  EXPECT_EQ(Rows("log"), "1;2");
  EXPECT_EQ(Rows("trips"), "2");
}

TEST_F(DiscoveryTest, HiveFoldersAreColumns) {
  PutParquet("t/year=2001/zip=00501/a.parquet", "SELECT 1 AS a");
  PutParquet("t/year=2002/zip=10001/a.parquet", "SELECT 2 AS a");
  PutParquet("t/_temporary/year=2003/a.parquet", "SELECT 3 AS a");
  Put("t/_SUCCESS", "");
  Put("t/notes.txt", "text");
  EXPECT_EQ(Columns("t"), "a INTEGER, year BIGINT, zip VARCHAR");
  EXPECT_EQ(Rows("t"), "1|2001|00501;2|2002|10001");
}

TEST_F(DiscoveryTest, RowsOfParquetHaveAPosition) {
  PutParquet("t/b.parquet", "SELECT 'b' || range AS a FROM range(2)");
  PutParquet("t/a.parquet", "SELECT 'a' || range AS a FROM range(2)");
  EXPECT_TRUE(Find("t")->row_position);
  EXPECT_EQ(Rows("t", "file_index, file_row_number, a"), "0|0|a0;0|1|a1;1|0|b0;1|1|b1");
}

}  // namespace
}  // namespace eider
