#include "catalog/dataset_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "catalog/leftovers.h"
#include "catalog/manifest.h"
#include "catalog/test_lake.h"

namespace eider {
namespace {

constexpr const char* kRows = "SELECT i % 3 AS a, 'x' || (i % 2) AS b, i FROM range(12) t(i)";

class DatasetWriteTest : public TestLake {
 protected:
  Result<WriteSummary> Write(const std::string& sql, WriteMode mode = WriteMode::kCreate,
                             std::vector<std::string> partition_by = {"a", "b"}, const Call& call = {}) {
    Statement statement;
    statement.sql = sql;
    return WriteDataset({"flights/", std::move(partition_by), mode}, statement, store_, database(), call);
  }

  std::vector<std::string> Keys(const std::string& prefix = "flights/") {
    std::vector<std::string> keys;
    const auto page = store_.List({prefix, true, {}, 1000});
    for (const ObjectInfo& object : page->objects) keys.push_back(object.key);
    return keys;
  }

  std::string Sorted(const std::string& what) { return Rows("flights", what); }
};

TEST_F(DatasetWriteTest, RowsComeBackFromOneObjectForEachPartition) {
  const auto written = Write(kRows);
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(written->run.rows, 12u);
  EXPECT_EQ(written->objects, 6u);
  const auto keys = Keys();
  ASSERT_EQ(keys.size(), 6u);
  EXPECT_TRUE(keys[0].starts_with("flights/a=0/b=x0/part-")) << keys[0];
  EXPECT_EQ(Columns("flights"), "i BIGINT, a BIGINT, b VARCHAR");
  EXPECT_EQ(Sorted("count(*), sum(i), sum(a), count(DISTINCT b)"), "12|66|12|2");
}

TEST_F(DatasetWriteTest, ValuesAndTypesComeBackAsTheyWere) {
  const std::string values =
      "SELECT * FROM (VALUES ('a/b', 1), ('x=y', 2), ('', 3), ('é 日本', 4), (NULL, 5), ('..', 6), ('NULL', 7), "
      "('null', 8),"
      "('__HIVE_DEFAULT_PARTITION__', 9), ('01', 10), ('%2F', 11), ('a b+c?d', 12), ('\\', 13), (chr(10), 14)) t(v, n)";
  const auto written = Write(values, WriteMode::kCreate, {"v"});
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(written->objects, 14u);
  EXPECT_EQ(Columns("flights"), "n INTEGER, v VARCHAR");
  for (const auto& [n, v] : std::vector<std::pair<int, std::string>>{{1, "a/b"},
                                                                     {2, "x=y"},
                                                                     {3, ""},
                                                                     {4, "é 日本"},
                                                                     {5, "-"},
                                                                     {6, ".."},
                                                                     {7, "NULL"},
                                                                     {8, "null"},
                                                                     {9, "__HIVE_DEFAULT_PARTITION__"},
                                                                     {10, "01"},
                                                                     {11, "%2F"},
                                                                     {12, "a b+c?d"},
                                                                     {13, "\\"},
                                                                     {14, "\n"}}) {
    EXPECT_EQ(Rows("flights", fmt::format("max(v) FILTER (n = {})", n)), v) << n;
  }
}

TEST_F(DatasetWriteTest, TypesOfPartitionColumnsAreKept) {
  ASSERT_TRUE(Write("SELECT '1' AS text, 1.50::DECIMAL(9,2) AS d, TIMESTAMPTZ '2020-01-02 03:04:05+00' AS at, 7 AS n",
                    WriteMode::kCreate, {"text", "d", "at"})
                  .ok());
  std::string columns = Columns("flights");
  EXPECT_PRED2(Holds, columns, "text VARCHAR");
  EXPECT_PRED2(Holds, columns, "d DECIMAL(9,2)");
  EXPECT_PRED2(Holds, columns, "at TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(Rows("flights", "text, d"), "1|1.50");
}

TEST_F(DatasetWriteTest, WithoutPartitionsItIsOneObject) {
  ASSERT_TRUE(Write(kRows, WriteMode::kCreate, {}).ok());
  EXPECT_EQ(Keys().size(), 1u);
  EXPECT_EQ(Rows("flights", "count(*)"), "12");
}

TEST_F(DatasetWriteTest, TheOrderOfTheQueryHoldsWithinAPartition) {
  ASSERT_TRUE(Write("SELECT i % 2 AS a, i FROM range(5000) t(i) ORDER BY i DESC", WriteMode::kCreate, {"a"}).ok());
  EXPECT_EQ(Rows("flights", "first(i) FILTER (a = 0), last(i) FILTER (a = 0)"), "4998|0");
  ASSERT_TRUE(Write("SELECT i % 2 AS a, i FROM range(5000) t(i) ORDER BY i LIMIT 4", WriteMode::kReplace, {"a"}).ok());
  EXPECT_EQ(Rows("flights", "sum(i)"), "6");
}

TEST_F(DatasetWriteTest, ModesSayWhatBecomesOfWhatIsThere) {
  ASSERT_TRUE(Write(kRows).ok());
  EXPECT_EQ(Write(kRows).error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(Write(kRows, WriteMode::kAppend).ok());
  EXPECT_EQ(Rows("flights", "count(*)"), "24");
  ASSERT_TRUE(Write("SELECT 1 AS a, 'y' AS b, 5::BIGINT AS i", WriteMode::kReplace).ok());
  EXPECT_EQ(Rows("flights", "count(*), sum(i)"), "1|5");
  // What was replaced is there still, for who reads it, and is found as left over.
  EXPECT_EQ(Keys().size(), 13u);
  EXPECT_EQ(FindLeftovers(store_)->size(), 12u);
}

TEST_F(DatasetWriteTest, PartitionsAreReplacedByThoseThatCome) {
  ASSERT_TRUE(Write("SELECT i % 3 AS a, i FROM range(9) t(i)", WriteMode::kCreate, {"a"}).ok());
  const auto before = Keys();
  ASSERT_TRUE(
      Write("SELECT * FROM (VALUES (1::BIGINT, 100::BIGINT), (7, 7)) t(a, i)", WriteMode::kReplacePartitions, {"a"})
          .ok());
  EXPECT_EQ(Rows("flights", "string_agg(a || ':' || i, ' ' ORDER BY a, i)"), "0:0 0:3 0:6 1:100 2:2 2:5 2:8 7:7");
  EXPECT_EQ(FindLeftovers(store_)->size(), 1u);
  ASSERT_TRUE(Write("SELECT 1::BIGINT AS a, 2::BIGINT AS i WHERE false", WriteMode::kReplacePartitions, {"a"}).ok());
  EXPECT_EQ(Rows("flights", "count(*)"), "8");
  EXPECT_PRED2(Holds, Write("SELECT 1 AS a, 'x' AS i", WriteMode::kReplacePartitions, {"a"}).error().message,
               "i VARCHAR");
}

TEST_F(DatasetWriteTest, WhatReadsItselfIsNotPutOverWhatItDidNotRead) {
  ASSERT_TRUE(Write("SELECT 1 AS i", WriteMode::kCreate, {}).ok());
  const auto twice = catalog().MakeStatement("SELECT i + 1 AS i FROM flights");
  ASSERT_TRUE(twice.ok());
  DatasetWrite write{"flights/", {}, WriteMode::kReplace};
  write.reads_itself = true;
  ASSERT_TRUE(Write("SELECT 5 AS i", WriteMode::kAppend, {}).ok());
  EXPECT_EQ(WriteDataset(write, *twice, store_, database()).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(Rows("flights", "string_agg(i, ' ' ORDER BY i)"), "1 5");
  const auto again = catalog().MakeStatement("SELECT i + 1 AS i FROM flights");
  ASSERT_TRUE(WriteDataset(write, *again, store_, database()).ok());
  EXPECT_EQ(Rows("flights", "string_agg(i, ' ' ORDER BY i)"), "2 6");
}

TEST_F(DatasetWriteTest, WhatIsNotAcceptedIsNotCommitted) {
  ASSERT_TRUE(Write("SELECT 1 AS i", WriteMode::kCreate, {}).ok());
  Statement statement;
  statement.sql = "SELECT 2 AS i";
  DatasetWrite write{"flights/", {}, WriteMode::kAppend};
  std::string asked;
  write.accept = [&](const Manifest& next) -> Status {
    const auto rows = catalog().OpenListed("flights", next);
    EXPECT_TRUE(rows.ok());
    const auto sum = catalog().MakeStatement("SELECT sum(i) FROM flights", {}, *rows);
    asked += *database().Query(*sum)->rows[0][0] + " ";
    return asked == "3 " ? Status(Invalid("not these")) : Status();
  };
  EXPECT_PRED2(Holds, WriteDataset(write, statement, store_, database()).error().message, "not these");
  EXPECT_EQ(Rows("flights"), "1");
  EXPECT_TRUE(FindLeftovers(store_)->empty());
  ASSERT_TRUE(WriteDataset(write, statement, store_, database()).ok());
  EXPECT_EQ(asked, "3 3 ");
  EXPECT_EQ(Rows("flights", "sum(i)"), "3");
}

TEST_F(DatasetWriteTest, NoRowsAreADatasetWhereThatIsAllowed) {
  Statement statement;
  statement.sql = "SELECT 2 AS i, 'x' AS b WHERE false";
  DatasetWrite write{"flights/", {}, WriteMode::kReplace};
  EXPECT_PRED2(Holds, WriteDataset(write, statement, store_, database()).error().message, "has no rows");
  write.allow_empty = true;
  ASSERT_TRUE(WriteDataset(write, statement, store_, database()).ok());
  EXPECT_EQ(Columns("flights"), "i INTEGER, b VARCHAR");
  EXPECT_EQ(Rows("flights", "count(*)"), "0");
}

TEST_F(DatasetWriteTest, AnAppendMustFit) {
  ASSERT_TRUE(Write(kRows).ok());
  EXPECT_PRED2(Holds, Write(kRows, WriteMode::kAppend, {"a"}).error().message, "partitioned by 'a,b'");
  EXPECT_PRED2(Holds, Write("SELECT 1 AS a, 'y' AS b, 'text' AS i", WriteMode::kAppend).error().message, "i VARCHAR");
  EXPECT_EQ(Keys().size(), 6u);
}

TEST_F(DatasetWriteTest, RefusesWhatNoFolderCanBeNamedAfter) {
  EXPECT_PRED2(Holds, Write(kRows, WriteMode::kCreate, {"A"}).error().message, "no column 'A'");
  EXPECT_PRED2(Holds, Write("SELECT [1] AS l, 2 AS i", WriteMode::kCreate, {"l"}).error().message, "INTEGER[]");
  EXPECT_PRED2(Holds, Write("SELECT 1 AS _l, 2 AS i", WriteMode::kCreate, {"_l"}).error().message, "AS");
  EXPECT_PRED2(Holds, Write("SELECT 1 AS a", WriteMode::kCreate, {"a"}).error().message, "none is left");
  EXPECT_PRED2(Holds, Write("SELECT 1 AS a, 2 AS b, 3 AS i WHERE false").error().message, "no rows");
  EXPECT_TRUE(Keys().empty());
}

TEST_F(DatasetWriteTest, LeavesAloneWhatEiderDidNotWrite) {
  PutParquet("flights/mine.parquet", "SELECT 1 AS x");
  for (const WriteMode mode : {WriteMode::kCreate, WriteMode::kReplace, WriteMode::kAppend}) {
    EXPECT_PRED2(Holds, Write(kRows, mode).error().message, "flights/mine.parquet");
  }
  EXPECT_EQ(Keys(), std::vector<std::string>{"flights/mine.parquet"});
  ASSERT_TRUE(store_.Delete("flights/mine.parquet").ok());
  PutParquet("flights.parquet", "SELECT 1 AS x");
  EXPECT_PRED2(Holds, Write(kRows).error().message, "flights.parquet");
}

TEST_F(DatasetWriteTest, OfTwoWritersOneWinsAndTheOtherCleansUp) {
  for (const WriteMode mode : {WriteMode::kCreate, WriteMode::kReplace}) {
    std::atomic<bool> raced{false};
    store_.OnRequest([&](const StoreRequest& request) -> Status {
      if (request.operation != StoreOperation::kCommit || raced.exchange(true)) return {};
      EXPECT_TRUE(Write("SELECT 9 AS a, 'z' AS b, 1::BIGINT AS i", mode).ok());
      return {};
    });
    const auto lost = Write(kRows, mode);
    store_.OnRequest({});
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().kind, ErrorKind::kConflict);
    EXPECT_EQ(Rows("flights", "sum(a), count(*)"), "9|1");
    const auto keys = Keys();
    EXPECT_TRUE(std::all_of(keys.begin(), keys.end(), [](const auto& key) { return Holds(key, "a=9"); }));
  }
}

TEST_F(DatasetWriteTest, AppendsAtOnceAreBothThere) {
  ASSERT_TRUE(Write(kRows).ok());
  std::atomic<bool> raced{false};
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kCommit || raced.exchange(true)) return {};
    EXPECT_TRUE(Write("SELECT 9::BIGINT AS a, 'z' AS b, 1::BIGINT AS i", WriteMode::kAppend).ok());
    return {};
  });
  const auto second = Write(kRows, WriteMode::kAppend);
  store_.OnRequest({});
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(Rows("flights", "count(*)"), "25");
  EXPECT_TRUE(FindLeftovers(store_)->empty());
}

TEST_F(DatasetWriteTest, AFailureLeavesTheDatasetAsItWas) {
  ASSERT_TRUE(Write(kRows).ok());
  const auto before = Keys();
  std::atomic<int> left{3};
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kCommit || --left > 0) return {};
    return Error{ErrorKind::kUnavailable, "the store is down", {}};
  });
  EXPECT_PRED2(Holds, Write(kRows, WriteMode::kReplace).error().message, "the store is down");
  store_.OnRequest({});
  EXPECT_EQ(Keys(), before);
  const auto failed = Write("SELECT 1 AS a, 'y' AS b, error('bad row') AS i", WriteMode::kReplace);
  EXPECT_PRED2(Holds, failed.error().message, "bad row");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Write(kRows, WriteMode::kReplace, {"a", "b"}, {stop.get_token()}).error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(Keys(), before);
  EXPECT_EQ(Rows("flights", "count(*)"), "12");
}

// The reply to the manifest's PUT is lost, whether it had arrived or not.
TEST_F(DatasetWriteTest, WhetherTheCommitArrivedIsLookedUp) {
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kPut || !IsManifestKey(request.key)) return {};
    store_.OnRequest([&](const StoreRequest& second) -> Status {
      if (second.operation != StoreOperation::kPut) return {};
      return Error{ErrorKind::kTimeout, "no reply", {}};
    });
    return {};
  });
  const auto unknown = Write(kRows);
  store_.OnRequest({});
  EXPECT_PRED2(Holds, unknown.error().message, "is not known");
  EXPECT_EQ(Keys().size(), 6u) << "what may be listed must not be removed";
  EXPECT_EQ(FindLeftovers(store_)->size(), 6u);
  EXPECT_EQ(Failure("flights").kind, ErrorKind::kNotFound);
}

TEST_F(DatasetWriteTest, OnlyWhatTheManifestListsIsRead) {
  ASSERT_TRUE(Write(kRows).ok());
  const std::string stray = "flights/a=0/b=x0/" + PartName(std::string(32, 'f'), 0);
  PutParquet(stray, "SELECT 1000::BIGINT AS i");
  EXPECT_EQ(Rows("flights", "max(i)"), "11");
  const auto glob = catalog().FindGlob("flights/**/*.parquet");
  ASSERT_TRUE(glob.ok()) << glob.error().message;
  EXPECT_EQ((*glob)->snapshot->objects().size(), 6u);
  const auto leftovers = FindLeftovers(store_);
  ASSERT_EQ(leftovers->size(), 1u);
  EXPECT_EQ(leftovers->front().key, stray);
  ASSERT_TRUE(RemoveLeftover(store_, leftovers->front()).ok());
  EXPECT_TRUE(FindLeftovers(store_)->empty());
}

TEST_F(DatasetWriteTest, WithoutManifestNothingIsLeftOver) {
  PutParquet("copied/a=1/" + PartName(std::string(32, 'f'), 0), "SELECT 1 AS i");
  PutParquet("flights/mine.parquet", "SELECT 1 AS i");
  EXPECT_TRUE(FindLeftovers(store_)->empty());
  EXPECT_EQ(Rows("copied", "count(*)"), "1");
}

TEST_F(DatasetWriteTest, ReadsOneManifestInsteadOfListingTheFolder) {
  ASSERT_TRUE(Write(kRows).ok());
  store_.ForgetRequests();
  EXPECT_EQ(Find("flights")->snapshot->objects().size(), 6u);
  for (const StoreRequest& request : store_.requests()) EXPECT_NE(request.key, "flights/");
  store_.ForgetRequests();
  Find("flights");
  EXPECT_EQ(store_.Count(StoreOperation::kGet), 0u) << "it is known by its ETag";
}

TEST_F(DatasetWriteTest, ACopyOfTheLakeIsReadByItsOwnETags) {
  ASSERT_TRUE(Write(kRows).ok());
  auto manifest = ReadManifest(store_, "flights/", {});
  std::string text = *GetAll(store_, "flights.manifest", 1 << 20);
  text.replace(text.find("memory://test"), 13, "memory://gone");
  for (const ObjectInfo& object : manifest->objects) {
    const std::string bytes = *GetAll(store_, object.key, 1 << 20);
    Put(object.key, bytes);
  }
  Put("flights.manifest", text);
  EXPECT_EQ(Rows("flights", "count(*)"), "12");
  ASSERT_TRUE(store_.Delete(manifest->objects.front().key).ok());
  EXPECT_PRED2(Holds, Failure("flights").message, manifest->objects.front().key);
}

TEST(ManifestTest, PartsAreKnownByTheirNames) {
  const std::string part = PartName(std::string(32, '0'), 7);
  EXPECT_TRUE(IsPartKey(part) && IsPartKey("flights/a=1/" + part));
  for (const char* key : {"part-0.parquet", "flights/part-00000.parquet", "part-.parquet", "part-x-0.parquet"}) {
    EXPECT_FALSE(IsPartKey(key)) << key;
  }
  EXPECT_EQ(FolderOfPart("flights/a=1/b=2/" + part), "flights/");
  EXPECT_EQ(FolderOfPart("x/flights/" + part), "x/flights/");
  EXPECT_EQ(FolderOfPart(part), "");
  EXPECT_EQ(FolderOfPart("a=1/" + part), "");
  EXPECT_EQ(ManifestKey("x/flights/"), "x/flights.manifest");
  EXPECT_EQ(FolderOfManifest("x/flights.manifest"), "x/flights/");
}

}  // namespace
}  // namespace eider
