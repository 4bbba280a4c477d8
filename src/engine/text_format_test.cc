// Text as Eider writes it against the files that a DuckDB of its own, without anything of Eider, writes with COPY.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "duckdb.hpp"
#include "engine/database.h"
#include "engine/json_numbers.h"
#include "engine/text_order.h"
#include "engine/text_sink.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

constexpr Format kTextFormats[] = {Format::kCsv, Format::kTsv, Format::kJson, Format::kNdjson};

std::string Sorted(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  std::string sorted;
  for (const auto& line : lines) sorted += line + '\n';
  return sorted;
}

class TextFormatTest : public testing::Test {
 protected:
  TextFormatTest() {
    Do("SET TimeZone='UTC'");
    Open(4);
  }

  void Open(int threads) {
    DatabaseOptions options;
    options.threads = threads;
    database_ = *Database::Open(options);
  }

  void Do(const std::string& sql) {
    const auto result = oracle_.Query(sql);
    ASSERT_FALSE(result->HasError()) << result->GetError();
  }

  std::string File(const std::string& name) {
    std::ifstream file(folder_ + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string Expected(const std::string& sql, Format format) {
    std::string options = "FORMAT json, ARRAY " + std::string(format == Format::kJson ? "true" : "false");
    if (format == Format::kCsv) options = "FORMAT csv, HEADER, NEW_LINE '\\r\\n'";
    if (format == Format::kTsv) options = "FORMAT csv, HEADER, DELIMITER '\t'";
    Do("COPY (" + sql + ") TO '" + folder_ + "expected' (" + options + ")");
    std::string text = File("expected");
    std::string quoted;
    const bool json = format == Format::kJson || format == Format::kNdjson;
    return json && QuoteNonFinite(text, quoted) ? quoted : text;
  }

  // A table of several row groups, which both can read as lake://t.parquet or a file.
  void MakeParquet(const std::string& sql, int row_group_rows) {
    Do("COPY (" + sql + ") TO '" + folder_ + "t.parquet' (ROW_GROUP_SIZE " + std::to_string(row_group_rows) + ")");
    const auto bytes = std::make_shared<const std::string>(File("t.parquet"));
    const ObjectInfo object{"t.parquet", bytes->size(), "v1", {}};
    snapshot_ = std::make_shared<Snapshot>(
        std::vector<ObjectInfo>{object},
        [=](const GetRequest& get, const ByteConsumer& consume, const Call&) -> Result<ObjectInfo> {
          consume(std::span(*bytes).subspan(get.range.offset, get.range.length));
          return object;
        });
  }
  std::string From(std::string sql, const std::string& place) const {
    for (std::size_t at = 0; (at = sql.find("$t", at)) != std::string::npos;) {
      sql.replace(at, 2, "read_parquet('" + place + "t.parquet')");
    }
    return sql;
  }

  Result<RunSummary> Run(const std::string& sql, Format format, bool keep_order, Sink& sink,
                         std::stop_token stop = {}) {
    Statement statement;
    statement.sql = From(sql, "lake://");
    statement.format = format;
    statement.keep_order = keep_order;
    statement.snapshot = snapshot_;
    return database_->Run(statement, sink, stop);
  }

  std::string Actual(const std::string& sql, Format format, bool keep_order = true) {
    TextSink sink;
    const auto summary = Run(sql, format, keep_order, sink);
    EXPECT_TRUE(summary.ok()) << (summary.ok() ? "" : summary.error().message);
    return sink.text;
  }

  void ExpectSame(const std::string& sql) {
    for (const Format format : kTextFormats) {
      const std::string expected = Expected(From(sql, folder_), format);
      EXPECT_TRUE(Actual(sql, format) == expected) << sql << ' ' << int(format) << '\n'
                                                   << Actual(sql, format).substr(0, 1000) << '\n'
                                                   << expected.substr(0, 1000);
    }
  }

  const TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path().string() + "/";
  duckdb::DuckDB oracle_database_{nullptr};
  duckdb::Connection oracle_{oracle_database_};
  std::unique_ptr<Database> database_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(TextFormatTest, AllTypesWithTheirExtremes) {
  const auto columns = oracle_.Query("DESCRIBE FROM test_all_types()");
  ASSERT_GT(columns->Cast<duckdb::MaterializedQueryResult>().RowCount(), 50u);
  for (const auto& column : *columns) {
    ExpectSame("SELECT \"" + column.GetValue<std::string>(0) + "\" FROM test_all_types()");
  }
  ExpectSame("FROM test_all_types()");
}

TEST_F(TextFormatTest, TextsThatNeedQuotes) {
  ExpectSame(
      "SELECT unnest(['', 'a', 'a,b', 'a\tb', '\"', 'a\"\"b', '#', 'a\nb', 'a\rb', ' ', NULL, 'ü', '日本\"語', "
      "'0123456789abcdef,', ',0123456789abcdef', repeat('\"', 300000), repeat('ab', 600000)]) AS t, 1 AS one");
  ExpectSame("SELECT 1 AS \"a,b\", 2 AS \"q\"\"q\", 3 AS \"#\", NULL AS n");
  ExpectSame("SELECT NULL AS n FROM range(5)");
}

TEST_F(TextFormatTest, RowsOfThousandsOfColumns) {
  std::string columns = "DATE '2001-01-01' + range AS d";
  for (int i = 0; i < 1500; ++i)
    columns += ", 'x' || range AS t" + std::to_string(i) + ", range * " + std::to_string(i);
  const std::string sql = "SELECT " + columns + " FROM (SELECT range::INTEGER AS range FROM range(50))";
  ExpectSame(sql);
}

TEST_F(TextFormatTest, EqualNamesAreToldApart) {
  EXPECT_EQ(Actual("SELECT 1 AS a, 2 AS a, 3 AS A", Format::kCsv),
            Expected("SELECT 1 AS a, 2 AS a, 3 AS A", Format::kCsv));
}

TEST_F(TextFormatTest, DatesAroundWhatHasATextOfItsOwn) {
  const std::string day = "(DATE '0001-01-01' + (range * 7)::INTEGER)";
  ExpectSame("SELECT " + day + " AS d, " + day + "::TIMESTAMP + to_microseconds(range * 86399) AS t FROM range(4000)");
  const std::string around =
      "FROM (SELECT unnest(['0001-01-01', '0001-01-02', '1582-10-04', '1582-10-15', "
      "'1599-12-31', '1600-01-01', '9999-12-31']::DATE[]) AS d), range(-2, 3) AS r(i)";
  ExpectSame(
      "SELECT d + i::INTEGER AS d, d::TIMESTAMP + to_microseconds(i) AS t, "
      "(d::TIMESTAMP + to_microseconds(i))::TIMESTAMPTZ AS z " +
      around);
  ExpectSame("SELECT unnest(['infinity', '-infinity', '0044-03-15 (BC)', '2001-02-03', NULL]::DATE[]) AS d");
}

TEST_F(TextFormatTest, RandomValuesOfTheTypesThatAreWrittenHere) {
  std::string columns = "hash(range)::UBIGINT AS u";
  for (const std::string type : {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}) {
    columns += ", TRY_CAST(hash(range, 1) >> (hash(range, 2) % 64) AS " + type + ") AS " + type;
    columns += ", TRY_CAST(-((hash(range, 3) >> (1 + hash(range, 2) % 63))::BIGINT) AS " + type + ") AS n" + type;
  }
  for (const char* type : {"4,1", "4,4", "9,3", "9,9", "18,0", "18,7", "18,18", "38,10"}) {
    columns += ", TRY_CAST((hash(range, 4)::DOUBLE / 1.8e19 - 0.5) * pow(10, hash(range, 5) % 20) AS DECIMAL(" +
               std::string(type) + ")) AS \"d" + type + "\"";
  }
  columns += ", make_timestamp((hash(range, 6) >> 4)::BIGINT % 250000000000000000) AS t";
  columns += ", make_timestamp((hash(range, 7) >> 6)::BIGINT % 200000000000000000)::TIMESTAMPTZ AS z";
  columns += ", hash(range, 8) % 2 = 0 AS b, hash(range, 8)::DOUBLE / 1e5 AS r";
  columns +=
      ", CASE WHEN range % 3 > 0 THEN chr((32 + hash(range, 10) % 100)::INTEGER) || md5(range::VARCHAR) END AS v";
  MakeParquet("SELECT " + columns + " FROM range(20000)", 6000);
  ExpectSame("FROM $t");
}

// Eider's own cast, since DuckDB's knows no shortest text of a FLOAT.
TEST_F(TextFormatTest, RealsAreWrittenAsTheyAreCast) {
  const std::string reals =
      "(hash(range)::DOUBLE / pow(10, range % 60 - 15)) AS d, d::FLOAT AS f, (d / 0 - d / 0) AS n";
  std::istringstream lines(
      Actual("SELECT COLUMNS(*)::VARCHAR FROM (SELECT " + reals + " FROM range(20000))", Format::kCsv));
  std::istringstream typed(Actual("SELECT " + reals + " FROM range(20000)", Format::kCsv));
  std::string expected;
  std::string line;
  for (int i = 0; i <= 20000; ++i) {
    std::getline(lines, expected);
    std::getline(typed, line);
    ASSERT_EQ(line, expected);
  }
}

// In order and in any order, on four threads, from small row groups.
TEST_F(TextFormatTest, PlansOfEveryShape) {
  MakeParquet("SELECT range AS i, range % 100 AS g, md5(range::VARCHAR) AS m FROM range(60000)", 2048);
  for (const std::string sql :
       {"FROM $t", "FROM $t WHERE i % 20000 < 10", "FROM $t WHERE i < 0", "SELECT m FROM $t WHERE g = 7",
        "FROM $t LIMIT 5000", "FROM $t LIMIT 5000 OFFSET 40000", "FROM $t LIMIT 0", "FROM $t ORDER BY m",
        "FROM $t ORDER BY m LIMIT 10", "SELECT count(*), sum(i) FROM $t", "FROM $t WHERE i = 12345",
        "FROM $t UNION ALL FROM $t WHERE g = 1 UNION ALL SELECT 1, 2, 'x'",
        "WITH c AS NOT MATERIALIZED (FROM $t WHERE g < 50) FROM c WHERE i > 1000 UNION ALL FROM c WHERE i < 10",
        "SELECT i, lag(m) OVER (PARTITION BY g ORDER BY i) AS l FROM $t ORDER BY i",
        "WITH c AS MATERIALIZED (FROM $t WHERE g < 50) SELECT i FROM c UNION ALL SELECT g FROM c ORDER BY i",
        "SELECT a.i, b.m FROM $t AS a JOIN $t AS b ON a.i = b.g ORDER BY b.m, a.i",
        "SELECT i, row_number() OVER () AS n FROM $t", "SELECT i, unnest([g, g + 1]) AS u FROM $t"}) {
    const std::string expected = Expected(From(sql, folder_), Format::kCsv);
    EXPECT_TRUE(Actual(sql, Format::kCsv) == expected) << sql;
    if (sql.find("LIMIT 5000") == std::string::npos) {
      EXPECT_TRUE(Sorted(Actual(sql, Format::kCsv, false)) == Sorted(expected)) << sql;
    }
    EXPECT_TRUE(Actual(sql, Format::kJson) == Expected(From(sql, folder_), Format::kJson)) << sql;
  }
  for (const bool keep_order : {true, false}) {
    TextSink sink;
    EXPECT_EQ(Run("FROM $t WHERE g < 50", Format::kCsv, keep_order, sink)->rows, 30'000u);
    EXPECT_EQ(Sorted(Actual("SELECT g, sum(i) FROM $t GROUP BY g", Format::kTsv, keep_order)),
              Sorted(Expected(From("SELECT g, sum(i) FROM $t GROUP BY g", folder_), Format::kTsv)));
  }
}

// Arrow's record batches must not end where threads happen to part their work.
TEST_F(TextFormatTest, ArrowIsTheSameByAnyNumberOfThreads) {
  MakeParquet(
      "SELECT range AS i, range % 100 AS g, CASE WHEN range % 7 > 0 THEN md5(range::VARCHAR) END AS m FROM "
      "range(100000)",
      20'480);
  for (const std::string sql :
       {"FROM $t", "SELECT m, i + 1 AS n FROM $t WHERE g < 30", "FROM $t WHERE i < 0", "FROM $t ORDER BY m, i",
        "FROM $t LIMIT 30000", "FROM $t UNION ALL FROM $t WHERE g = 1", "SELECT DISTINCT g FROM $t ORDER BY g",
        "SELECT a.i, b.m FROM $t AS a JOIN $t AS b ON a.i = b.i ORDER BY a.i", "SELECT unnest([g, i]) AS u FROM $t"}) {
    Open(1);
    const std::string alone = Actual(sql, Format::kArrow);
    for (const int threads : {2, 4}) {
      Open(threads);
      EXPECT_TRUE(Actual(sql, Format::kArrow) == alone) << sql << " by " << threads;
    }
  }
}

// Row groups whose text is more than may be held, so that threads wait for the head.
TEST_F(TextFormatTest, RowGroupsLargerThanWhatIsHeld) {
  constexpr int kRowsOfAGroup = 122'880;
  constexpr int kTextBytes = 300;
  static_assert(std::size_t{kRowsOfAGroup} * kTextBytes > TextOrder::kHeldBytes);
  MakeParquet("SELECT range AS i, repeat('x', 300) AS t FROM range(614400)", kRowsOfAGroup);
  const std::string text = Actual("FROM $t", Format::kNdjson);
  std::size_t at = 0;
  const std::string rest = R"(,"t":")" + std::string(kTextBytes, 'x') + "\"}\n";
  for (int i = 0; i < 5 * kRowsOfAGroup; ++i) {
    const std::string row = R"({"i":)" + std::to_string(i) + rest;
    ASSERT_EQ(text.compare(at, row.size(), row), 0) << i;
    at += row.size();
  }
  EXPECT_EQ(at, text.size());
}

class StoppingSink final : public Sink {
 public:
  explicit StoppingSink(std::stop_source stop) : stop_(std::move(stop)) {}
  Status Write(std::span<const char>) override {
    stop_.request_stop();
    return {};
  }
  Status Close() override { return {}; }

 private:
  std::stop_source stop_;
};

TEST_F(TextFormatTest, AnEndInTheMiddleIsToldAsWhatItIs) {
  MakeParquet("SELECT range AS i, repeat('x', 100) AS t FROM range(500000)", 10'000);
  for (const bool keep_order : {true, false}) {
    for (int i = 0; i < 20; ++i) {
      TextSink full;
      full.fail_after = static_cast<std::size_t>(i) * 2'000'000;
      EXPECT_EQ(Run("FROM $t", Format::kCsv, keep_order, full).error().message, "sink is full");
      std::stop_source stop;
      StoppingSink stopping(stop);
      EXPECT_EQ(Run("FROM $t", Format::kCsv, keep_order, stopping, stop.get_token()).error().kind,
                ErrorKind::kCancelled);
    }
    TextSink sink;
    const auto broken =
        Run("SELECT CASE WHEN i = 300000 THEN error('boom') ELSE t END AS t FROM $t", Format::kCsv, keep_order, sink);
    EXPECT_NE(broken.error().message.find("boom"), std::string::npos) << broken.error().message;
    EXPECT_FALSE(sink.closed);
  }
}

}  // namespace
}  // namespace eider
