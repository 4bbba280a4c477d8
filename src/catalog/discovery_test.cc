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

TEST_F(DiscoveryTest, TheSameNameTwiceIsAnErrorOfThatDatasetOnly) {
  Put("flights.csv", "a\n1\n");
  PutParquet("flights/a.parquet", "SELECT 1 AS a");
  Put("two.csv", "a\n1\n");
  Put("two.json", "[]");
  Put("fine.csv", "a\n1\n");
  Put("fine/README.md", "text");
  EXPECT_EQ(Names(), "fine flights two");
  EXPECT_PRED2(Holds, Failure("flights").message, "bear the name 'flights': 'flights.csv' and 'flights/'");
  EXPECT_PRED2(Holds, Failure("two").message, "'two.csv' and 'two.json'");
  EXPECT_EQ(Rows("fine"), "1");
}

TEST_F(DiscoveryTest, MixedFormatsAreAnErrorThatNamesBoth) {
  Put("t/a.csv", "a\n1\n");
  PutParquet("t/b.parquet", "SELECT 1 AS a");
  const Error error = Failure("t");
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_PRED2(Holds, error.message, "mixes CSV ('t/a.csv') and Parquet ('t/b.parquet')");
}

TEST_F(DiscoveryTest, PartitionsMustHaveTheSameKeys) {
  PutParquet("t/year=2001/a.parquet", "SELECT 1 AS a");
  PutParquet("t/b.parquet", "SELECT 1 AS a");
  EXPECT_PRED2(Holds, Failure("t").message, "'t/b.parquet' and 't/year=2001/a.parquet' lie in folders of different");
}

TEST_F(DiscoveryTest, PackedTextIsRead) {
  // gzip of "a,b\n1,x\n"
  const unsigned char packed[] = {0x1f, 0x8b, 0x8,  0x0,  0x0, 0x0, 0x0,  0x0,  0x2, 0x3, 0x4b, 0xd4, 0x49, 0xe2,
                                  0x32, 0xd4, 0xa9, 0xe0, 0x2, 0x0, 0xf4, 0xa0, 0x1, 0x0, 0x8,  0x0,  0x0,  0x0};
  Put("t.csv.gz", std::string(reinterpret_cast<const char*>(packed), sizeof packed));
  EXPECT_EQ(Names(), "t");
  EXPECT_EQ(Rows("t"), "1|x");
}

TEST_F(DiscoveryTest, UnknownNamesGetTheNearest) {
  Put("flights.csv", "a\n1\n");
  const Error error = Failure("fligths");
  EXPECT_EQ(error.kind, ErrorKind::kNotFound);
  EXPECT_PRED2(Holds, error.message, "Did you mean 'flights'?");
  for (const char* name : {"", "..", "a/b", "a'b", "flights.csv", "%2e%2e"}) {
    EXPECT_EQ(Failure(name).kind, ErrorKind::kNotFound) << name;
  }
  EXPECT_EQ(Failure(std::string(101, 'a')).kind, ErrorKind::kNotFound);
}

TEST_F(DiscoveryTest, ListsOnlyWhatItNeeds) {
  for (int i = 0; i < 5; ++i) PutParquet("t/" + std::to_string(i) + ".parquet", "SELECT 1 AS a");
  PutParquet("t2/a.parquet", "SELECT 1 AS a");
  Open();
  store_.ForgetRequests();
  EXPECT_EQ(Names(), "t t2");
  EXPECT_EQ(store_.Count(StoreOperation::kList), 1u);
  store_.ForgetRequests();
  Find("t");
  for (const StoreRequest& request : store_.requests()) {
    if (request.operation != StoreOperation::kList) continue;
    EXPECT_TRUE(request.key == "t." || request.key == "t/") << request.key;
  }
}

TEST_F(DiscoveryTest, ListingsAreKeptForTheirAge) {
  SteadyTime now{};
  CatalogOptions options;
  options.listing_age = std::chrono::seconds(10);
  options.clock = [&] { return now; };
  Put("a.csv", "a\n1\n");
  Open(options);
  EXPECT_EQ(Names(), "a");
  EXPECT_EQ(Rows("a"), "1");
  store_.ForgetRequests();
  Put("a.csv", "a\n2\n");
  Put("b.csv", "a\n1\n");
  EXPECT_EQ(Names(), "a");
  Failure("b");
  EXPECT_EQ(store_.Count(StoreOperation::kList), 0u);
  now += std::chrono::seconds(11);
  EXPECT_EQ(Names(), "a b");
  EXPECT_EQ(Rows("a"), "2");
  Put("c.csv", "a\n1\n");
  catalog().Refresh();
  EXPECT_EQ(Names(), "a b c");
}

TEST_F(DiscoveryTest, ListingsHaveManyPages) {
  for (int i = 0; i < 2500; ++i) Put("n" + std::to_string(i) + ".csv", "a\n");
  EXPECT_EQ(catalog().List()->size(), 2500u);
}

TEST_F(DiscoveryTest, AStoreThatFailsIsSaid) {
  store_.OnRequest([](const StoreRequest& request) -> Status {
    if (request.operation == StoreOperation::kList) return Error{ErrorKind::kDenied, "no permission", {}};
    return {};
  });
  EXPECT_EQ(catalog().List().error().kind, ErrorKind::kDenied);
  EXPECT_EQ(Failure("a").kind, ErrorKind::kDenied);
}

}  // namespace
}  // namespace eider
