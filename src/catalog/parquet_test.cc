#include <atomic>
#include <thread>

#include "catalog/test_lake.h"

namespace eider {
namespace {

using ParquetTest = TestLake;

TEST_F(ParquetTest, BrokenObjectsSayWhatIsWrong) {
  const std::string good = Parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(1000)");
  Put("zero.parquet", "");
  Put("half.parquet", good.substr(0, good.size() / 2));
  Put("text.parquet", "hello, this is not Parquet at all");
  Put("short.parquet", "PAR1PAR1");
  std::string footer = good;
  footer.replace(footer.size() - 40, 30, std::string(30, '\xff'));
  Put("footer.parquet", footer);
  std::string length = good;
  length.replace(length.size() - 8, 4, "\xff\xff\xff\x7f");
  Put("length.parquet", length);
  const std::pair<const char*, const char*> wanted[] = {
      {"zero", "'zero.parquet' is empty (zero bytes)"},
      {"half", "'half.parquet' is no readable Parquet file: it begins as one but has no PAR1 footer at its end"},
      {"text", "'text.parquet' is no readable Parquet file: it has no PAR1 footer; it is something else"},
      {"short", "'short.parquet' is no readable Parquet file: it is too short (8 bytes)"},
      {"footer", "'footer.parquet' is no readable Parquet file: its footer is broken"},
      {"length", "'length.parquet' is no readable Parquet file: its footer is broken: Footer length error"}};
  for (const auto& [name, message] : wanted) {
    const Error error = Failure(name);
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << error.message;
    EXPECT_PRED2(Holds, error.message, message);
    EXPECT_FALSE(Holds(error.message, "lake://")) << error.message;
  }
  PutParquet("good.parquet", "SELECT 1 AS a");
  EXPECT_EQ(Rows("good"), "1");
}

TEST_F(ParquetTest, OneBrokenObjectAmongManyIsNamed) {
  for (int i = 0; i < 5; ++i) PutParquet("t/" + std::to_string(i) + ".parquet", "SELECT 1 AS a");
  Put("t/3.parquet", "PAR1 cut");
  EXPECT_PRED2(Holds, Failure("t").message, "object 't/3.parquet'");
}

TEST_F(ParquetTest, DifferentSchemasAreFoundWhenOpened) {
  PutParquet("type/a.parquet", "SELECT 1::BIGINT AS a, 'x' AS b");
  PutParquet("type/b.parquet", "SELECT 1::BIGINT AS a, 'x' AS b");
  PutParquet("type/c.parquet", "SELECT 'x' AS b, 1::INTEGER AS a");
  PutParquet("more/a.parquet", "SELECT 1 AS a");
  PutParquet("more/b.parquet", "SELECT 1 AS a, 2 AS b");
  PutParquet("less/a.parquet", "SELECT 1 AS a, 2 AS b");
  PutParquet("less/b.parquet", "SELECT 1 AS a");
  PutParquet("order/a.parquet", "SELECT 1 AS a, 2 AS b");
  PutParquet("order/b.parquet", "SELECT 4 AS b, 3 AS a");
  const Error type = Failure("type");
  EXPECT_EQ(type.kind, ErrorKind::kInvalid);
  EXPECT_PRED2(Holds, type.message,
               "objects 'type/a.parquet' and 'type/c.parquet' differ: column 'a' is BIGINT in the first and INTEGER in "
               "the second; if they belong together set `union_by_name: true`");
  EXPECT_PRED2(Holds, Failure("more").message, "column 'b' (INTEGER) is only in the second");
  EXPECT_PRED2(Holds, Failure("less").message, "column 'b' (INTEGER) is only in the first");
  EXPECT_EQ(Rows("order"), "1|2;3|4");
}

TEST_F(ParquetTest, OnlyNewObjectsAreLookedAt) {
  for (int i = 0; i < 20; ++i) PutParquet("t/" + std::to_string(100 + i) + ".parquet", "SELECT 1 AS a");
  const auto first = Find("t");
  store_.ForgetRequests();
  EXPECT_EQ(Find("t"), first);
  EXPECT_EQ(store_.Count(StoreOperation::kGet), 0u);
  PutParquet("t/200.parquet", "SELECT 2 AS a");
  store_.ForgetRequests();
  EXPECT_NE(Find("t")->version, first->version);
  for (const StoreRequest& request : store_.requests()) {
    if (request.operation != StoreOperation::kGet) continue;
    // The first object gives the dataset's columns.
    EXPECT_TRUE(request.key == "t/200.parquet" || request.key == "t/100.parquet") << request.key;
  }
}

TEST_F(ParquetTest, TheVersionFollowsObjectsAndConfiguration) {
  PutParquet("t.parquet", "SELECT 1 AS a, 2 AS b");
  const std::string first = Find("t")->version;
  EXPECT_EQ(first.size(), 32u);
  OpenWith("datasets: {t: {title: Other}}");
  EXPECT_EQ(Find("t")->version, first);
  OpenWith("datasets: {t: {columns: [b]}}");
  EXPECT_NE(Find("t")->version, first);
  Open();
  PutParquet("t.parquet", "SELECT 1 AS a, 2 AS b");
  EXPECT_NE(Find("t")->version, first);
}

TEST_F(ParquetTest, PointsAndPositionsAreFound) {
  PutParquet("p.parquet", "SELECT 1.5::DOUBLE AS Longitude, 2.5::DOUBLE AS Latitude, 'x' AS lon");
  PutParquet("q.parquet", "SELECT '1' AS lon, '2' AS lat, 1 AS file_row_number");
  EXPECT_EQ(Find("p")->lon_lat, (std::pair<std::string, std::string>("Longitude", "Latitude")));
  EXPECT_EQ(Find("q")->lon_lat, std::nullopt);
  EXPECT_FALSE(Find("q")->row_position);
}

TEST_F(ParquetTest, AStoreThatFailsIsNoBrokenObject) {
  PutParquet("t.parquet", "SELECT 1 AS a");
  store_.OnRequest([](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kGet || request.key == "eider.yaml") return {};
    return Error{ErrorKind::kUnavailable, "the store is down", {}};
  });
  EXPECT_EQ(Failure("t").kind, ErrorKind::kUnavailable);
  store_.OnRequest(nullptr);
  EXPECT_EQ(Rows("t"), "1");
}

TEST_F(ParquetTest, ConcurrentFindsDoTheWorkOnce) {
  // New objects each time: footers are known by their ETags.
  const auto put = [&](int value) {
    for (int i = 0; i < 8; ++i) {
      PutParquet("t/" + std::to_string(i) + ".parquet", "SELECT 'concurrent' AS t, " + std::to_string(value) + " AS a");
    }
    Open();
  };
  put(1);
  store_.ForgetRequests();
  Find("t");
  const std::size_t once = store_.Count(StoreOperation::kGet);
  EXPECT_GE(once, 8u);
  put(2);
  store_.ForgetRequests();
  std::vector<std::jthread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { good += catalog().Find("t").ok(); });
  }
  threads.clear();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(store_.Count(StoreOperation::kGet), once);
}

}  // namespace
}  // namespace eider
