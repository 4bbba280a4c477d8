#include "engine/database.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/text_sink.h"

namespace eider {
namespace {

// One object in memory behind a RangeFetcher.
std::shared_ptr<const Snapshot> Pin(const std::string& key, const std::string& bytes) {
  const ObjectInfo object{key, bytes.size(), "v1", {}};
  return std::make_shared<Snapshot>(
      std::vector<ObjectInfo>{object},
      [=](const GetRequest& get, const ByteConsumer& consume, const Call&) -> Result<ObjectInfo> {
        consume(std::span(bytes).subspan(get.range.offset, get.range.length));
        return object;
      });
}

class DatabaseTest : public testing::Test {
 protected:
  static std::unique_ptr<Database> Open(DatabaseOptions options = {}) {
    options.threads = 2;
    auto database = Database::Open(options);
    EXPECT_TRUE(database.ok()) << (database.ok() ? "" : database.error().message);
    return *std::move(database);
  }

  // The bytes of the answer; a failure's message is shown by the assertion that wanted bytes.
  Result<std::string> Bytes(const Statement& statement, std::stop_token stop = {}) {
    TextSink sink;
    const auto summary = database_->Run(statement, sink, stop);
    if (!summary) return summary.error();
    EXPECT_TRUE(sink.closed);
    return sink.text;
  }

  Statement Sql(const std::string& sql, Format format = Format::kCsv) {
    Statement statement;
    statement.sql = sql;
    statement.format = format;
    return statement;
  }

  std::unique_ptr<Database> database_ = Open();
};

// Who asks again as soon as one answer is whole must find the memory that it took.
TEST_F(DatabaseTest, AnAnswerIsToldBeforeTheEndUnlessMuchMemoryIsHeld) {
  DatabaseOptions options;
  options.memory_bytes = 256 << 20;
  database_ = Open(options);
  const auto told = [&](const std::string& sql, Format format) {
    TextSink sink;
    int times = 0;
    EXPECT_TRUE(database_->Run(Sql(sql, format), sink, {}, [&](const RunSummary&) { ++times; }).ok()) << sql;
    return times;
  };
  EXPECT_EQ(told("SELECT 1 AS a", Format::kCsv), 1);
  EXPECT_EQ(told("SELECT range AS a FROM range(10)", Format::kParquet), 1);
  EXPECT_EQ(told("SELECT list(range::VARCHAR) AS l FROM range(2000000)", Format::kCsv), 0);
}

TEST_F(DatabaseTest, WritesCsvOfRfc4180) {
  EXPECT_EQ(*Bytes(Sql("SELECT 1 AS a, 'x,\"y\"' AS b, NULL AS c, '' AS d")), "a,b,c,d\r\n1,\"x,\"\"y\"\"\",,\"\"\r\n");
}

TEST_F(DatabaseTest, TellsOnceOfAWholeAnswer) {
  for (const Format format : {Format::kCsv, Format::kJson, Format::kArrow, Format::kParquet, Format::kXlsx}) {
    Statement statement = Sql("SELECT range AS id FROM range(10) ORDER BY id", format);
    for (const bool paged : {false, true}) {
      if (paged) statement.page = Page{{"id"}, 4, "", "series"};
      TextSink sink;
      int told = 0;
      const auto run = database_->Run(statement, sink, {}, [&](const RunSummary& answer) {
        ++told;
        EXPECT_TRUE(sink.closed);
        EXPECT_EQ(answer.rows, paged ? 4u : 10u);
        EXPECT_EQ(answer.next.empty(), !paged);
      });
      ASSERT_TRUE(run.ok()) << run.error().message;
      EXPECT_EQ(told, 1);
      EXPECT_EQ(run->next.empty(), !paged);
    }
  }
}

TEST_F(DatabaseTest, TellsOfNoBrokenAnswer) {
  const auto told = [](const RunSummary&) { ADD_FAILURE(); };
  Statement limited = Sql("SELECT range AS id FROM range(10)");
  limited.limits.rows = 9;
  TextSink sink;
  const auto run = database_->Run(limited, sink, {}, told);
  EXPECT_EQ(run.error().kind, ErrorKind::kExhausted);
  EXPECT_NE(run.error().message.find("more than the 9 rows"), std::string::npos);
  EXPECT_FALSE(sink.closed);
  TextSink full;
  full.fail_after = 3;
  EXPECT_EQ(database_->Run(Sql("SELECT 1234 AS id"), full, {}, told).error().message, "sink is full");
}

TEST(TimeZoneTest, IsUtcWhereverItRuns) {
  const char* before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "America/New_York", 1);
  const auto database = *Database::Open({});
  before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
  TextSink sink;
  Statement statement;
  statement.sql = "SELECT TIMESTAMPTZ '2020-06-01 00:00:00+00' AS t";
  ASSERT_TRUE(database->Run(statement, sink, {}).ok());
  EXPECT_EQ(sink.text, "t\r\n2020-06-01 00:00:00+00\r\n");
}

TEST_F(DatabaseTest, EmptyResultsAreValidFiles) {
  const std::string none = "SELECT 1 AS a WHERE false";
  EXPECT_EQ(*Bytes(Sql(none)), "a\r\n");
  EXPECT_EQ(*Bytes(Sql(none, Format::kTsv)), "a\n");
  EXPECT_EQ(*Bytes(Sql(none, Format::kJson)), "[\n\t\n]\n");
  EXPECT_EQ(*Bytes(Sql(none, Format::kNdjson)), "");
  EXPECT_EQ(Bytes(Sql(none, Format::kParquet))->substr(0, 4), "PAR1");
  EXPECT_GT(Bytes(Sql(none, Format::kArrow))->size(), 8u);
}

TEST_F(DatabaseTest, ArrowHoldsNothingBelowNulls) {
  const auto nulls = [&](const std::string& from) {
    return *Bytes(
        Sql("SELECT nullif(range, range) AS a, {'b': nullif(range, range)} AS s, [nullif(range, range)] AS l, "
            "CASE WHEN range < 0 THEN {'c': range} END AS t FROM range(" +
                from + ")",
            Format::kArrow));
  };
  EXPECT_EQ(nulls("0, 3000"), nulls("5000, 8000"));
}

TEST_F(DatabaseTest, ParquetLosesNoDigits) {
  Statement statement =
      Sql("SELECT a::VARCHAR AS a, b[1]::VARCHAR AS b, i::VARCHAR AS i FROM read_parquet('lake://f.parquet')");
  statement.snapshot =
      Pin("f.parquet", *Bytes(Sql("SELECT 18446744073709551615::HUGEINT AS a, [9007199254740993::HUGEINT] "
                                  "AS b, INTERVAL (-7) MICROSECOND AS i",
                                  Format::kParquet)));
  EXPECT_EQ(*Bytes(statement), "a,b,i\r\n18446744073709551615,9007199254740993,-00:00:00.000007\r\n");
}

TEST_F(DatabaseTest, WrapsFeatures) {
  EXPECT_EQ(*Bytes(Sql("SELECT 1 AS a", Format::kGeoJson)),
            "{\"type\":\"FeatureCollection\",\"features\":[\n\t{\"a\":1}\n]\n}\n");
}

TEST_F(DatabaseTest, BoundValuesAreConstants) {
  Statement statement = Sql("SELECT $2 AS b, $1 AS a, (SELECT $1) AS s");
  statement.values = {{"1' OR '1'='1", "VARCHAR"}, {"41", "BIGINT"}};
  EXPECT_EQ(*Bytes(statement), "b,a,s\r\n41,1' OR '1'='1,1' OR '1'='1\r\n");
}

TEST_F(DatabaseTest, ValuesAreParsedStrictly) {
  EXPECT_TRUE(database_->CheckValue({"12", "BIGINT"}).ok());
  EXPECT_TRUE(database_->CheckValue({"1", "BOOLEAN"}).ok());
  EXPECT_TRUE(database_->CheckValue({"-Infinity", "DOUBLE"}).ok());
  EXPECT_TRUE(database_->CheckValue({"2001-02-28", "DATE"}).ok());
  for (const BoundValue& wrong : {BoundValue{"1.5", "BIGINT"}, BoundValue{"x", "DOUBLE"}, BoundValue{"", "INTEGER"},
                                  BoundValue{"2001-02-30", "DATE"}, BoundValue{"300", "UTINYINT"},
                                  BoundValue{"rubbish", "TIMESTAMP WITH TIME ZONE"}, BoundValue{"1e400", "DOUBLE"},
                                  BoundValue{"xyz", "UUID"}, BoundValue{"maybe", "BOOLEAN"}}) {
    const auto status = database_->CheckValue(wrong);
    ASSERT_FALSE(status.ok()) << wrong.text << " as " << wrong.type;
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalid);
  }
}

TEST_F(DatabaseTest, OneSelectOnly) {
  for (const char* sql : {"CREATE TABLE t (a INT)", "SELECT 1; SELECT 2", "COPY (SELECT 1) TO 'sink://x'",
                          "ATTACH '/etc/passwd'", "SET threads=1", ""}) {
    EXPECT_FALSE(Bytes(Sql(sql)).ok()) << sql;
  }
}

TEST_F(DatabaseTest, NoFileOutsideIsReadable) {
  for (const char* sql :
       {"SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('file:///etc/passwd')", "SELECT * FROM glob('/*')",
        "SELECT * FROM read_text('lake://../../etc/passwd')", "SELECT * FROM read_text('lake:///etc/passwd')",
        "SELECT * FROM read_text('sink://result')"}) {
    const auto bytes = Bytes(Sql(sql));
    EXPECT_TRUE(!bytes || bytes->find("root:") == std::string::npos) << sql;
  }
}

TEST_F(DatabaseTest, ReadsOnlyPinnedObjects) {
  Statement statement = Sql("SELECT sum(a) AS s FROM read_csv('lake://d/x.csv')");
  EXPECT_FALSE(Bytes(statement).ok());
  statement.snapshot = Pin("d/x.csv", "a\n1\n2\n");
  EXPECT_EQ(*Bytes(statement), "s\r\n3\r\n");
}

TEST_F(DatabaseTest, RoundTripsParquetThroughALake) {
  const auto file = Bytes(Sql("SELECT range AS i, 'r' || range AS t FROM range(100000)", Format::kParquet));
  Statement statement = Sql("SELECT count(*) AS n, sum(i) AS s, max(t) AS m FROM read_parquet('lake://f.parquet')");
  statement.snapshot = Pin("f.parquet", *file);
  EXPECT_EQ(*Bytes(statement), "n,s,m\r\n100000,4999950000,r99999\r\n");
}

TEST_F(DatabaseTest, OrderIsKeptAndBytesAreEqual) {
  const auto file = Bytes(Sql("SELECT range AS i FROM range(1000000)", Format::kParquet));
  Statement statement = Sql("SELECT i FROM read_parquet('lake://f.parquet')");
  statement.snapshot = Pin("f.parquet", *file);
  const auto first = *Bytes(statement);
  EXPECT_EQ(first, *Bytes(statement));
  EXPECT_EQ(first.substr(0, 12), "i\r\n0\r\n1\r\n2\r\n");
  statement.keep_order = false;
  EXPECT_EQ(Bytes(statement)->size(), first.size());
}

TEST_F(DatabaseTest, AnErrorOfTheSinkIsAnsweredAsItWas) {
  for (const Format format : {Format::kCsv, Format::kJson, Format::kParquet, Format::kArrow, Format::kXlsx}) {
    TextSink sink;
    sink.fail_after = 100;
    const auto summary = database_->Run(Sql("SELECT range AS i FROM range(300000)", format), sink, {});
    ASSERT_FALSE(summary.ok());
    EXPECT_EQ(summary.error().message, "sink is full") << int(format);
  }
}

TEST_F(DatabaseTest, LimitsOfBytesAndTime) {
  Statement statement = Sql("SELECT range AS i FROM range(10000000)");
  statement.limits.bytes = 1000;
  EXPECT_EQ(Bytes(statement).error().kind, ErrorKind::kExhausted);
  statement = Sql("SELECT count(*) AS n FROM range(10000000) a, range(10000000) b");
  statement.limits.time = std::chrono::milliseconds(20);
  EXPECT_EQ(Bytes(statement).error().kind, ErrorKind::kTimeout);
}

TEST_F(DatabaseTest, AStopCancels) {
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(Bytes(Sql("SELECT 1"), source.get_token()).error().kind, ErrorKind::kCancelled);
}

TEST_F(DatabaseTest, SpillsAndFailsClearlyWhenTheSpillFolderIsFull) {
  DatabaseOptions options;
  options.memory_bytes = 64 << 20;
  options.spill_bytes = 1 << 20;
  database_ = Open(options);
  const auto sorted = Bytes(Sql("SELECT md5(range::VARCHAR) || repeat('x', 200) AS m FROM range(1000000) ORDER BY m"));
  ASSERT_FALSE(sorted.ok());
  EXPECT_EQ(sorted.error().kind, ErrorKind::kExhausted) << sorted.error().message;
}

TEST_F(DatabaseTest, AShortObjectIsAnErrorNeverFewerRows) {
  const auto file = *Bytes(Sql("SELECT range AS i FROM range(100000)", Format::kParquet));
  const ObjectInfo object{"f.parquet", file.size(), "v1", {}};
  Statement statement = Sql("SELECT sum(i) AS s FROM read_parquet('lake://f.parquet')");
  statement.snapshot = std::make_shared<Snapshot>(
      std::vector<ObjectInfo>{object},
      [&](const GetRequest& get, const ByteConsumer& consume, const Call&) -> Result<ObjectInfo> {
        consume(std::span(file).subspan(get.range.offset, get.range.length / 2));
        return object;
      });
  EXPECT_EQ(Bytes(statement).error().kind, ErrorKind::kCorrupt);
}

TEST_F(DatabaseTest, BrokenPagesAreToldAsTheObjectsFault) {
  auto file = *Bytes(Sql("SELECT md5(range::VARCHAR) AS m FROM range(100000)", Format::kParquet));
  std::fill(file.begin() + 100'000, file.begin() + 200'000, '\xAB');
  Statement statement = Sql("SELECT m FROM read_parquet('lake://f.parquet')");
  statement.snapshot = Pin("f.parquet", file);
  for (const Format format : {Format::kCsv, Format::kArrow}) {
    statement.format = format;
    const auto answer = Bytes(statement);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::kCorrupt) << answer.error().message;
    EXPECT_NE(answer.error().message.find("\"f.parquet\""), std::string::npos) << answer.error().message;
    EXPECT_EQ(answer.error().message.find("lake://"), std::string::npos) << answer.error().message;
  }
}

TEST_F(DatabaseTest, AReplacedObjectIsAConflict) {
  const auto file = *Bytes(Sql("SELECT range AS i FROM range(100000)", Format::kParquet));
  const ObjectInfo object{"f.parquet", file.size(), "v1", {}};
  Statement statement = Sql("SELECT sum(i) AS s FROM read_parquet('lake://f.parquet')");
  statement.snapshot = std::make_shared<Snapshot>(
      std::vector<ObjectInfo>{object}, [&](const GetRequest&, const ByteConsumer&, const Call&) -> Result<ObjectInfo> {
        return Error{ErrorKind::kConflict, "precondition failed", {}};
      });
  const auto answer = Bytes(statement);
  EXPECT_EQ(answer.error().kind, ErrorKind::kConflict);
  EXPECT_NE(answer.error().message.find("f.parquet"), std::string::npos);
}

TEST_F(DatabaseTest, DescribesWithoutRunning) {
  const auto columns = database_->Describe(
      Sql("SELECT 1::BIGINT AS a, 'x' AS b, DATE '2001-01-01' AS c, [1] AS d, true AS e, 'x'::BLOB AS f"));
  ASSERT_TRUE(columns.ok());
  ASSERT_EQ(columns->size(), 6u);
  EXPECT_EQ((*columns)[0].type, "BIGINT");
  const TypeClass classes[] = {TypeClass::kNumber, TypeClass::kText,    TypeClass::kTemporal,
                               TypeClass::kNested, TypeClass::kBoolean, TypeClass::kBlob};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ((*columns)[i].type_class, classes[i]) << i;
}

TEST_F(DatabaseTest, QuotesNames) {
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteLiteral("a'b"), "'a''b'");
}

}  // namespace
}  // namespace eider
