// The plans of ReadPlanner, through Database.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "engine/database_suite.h"
#include "engine/text_sink.h"
#include "lake/range_scheduler.h"
#include "object/memory_store.h"

namespace eider {
namespace {

// A lake in memory that is read as a remote one: through the scheduler, every GET counted.
class ReadPlannerTest : public DatabaseSuite {
 protected:
  void Put(const std::string& key, const std::string& sql) {
    TextSink sink;
    Statement statement;
    statement.sql = sql;
    statement.format = Format::kParquet;
    ASSERT_TRUE(database().Run(statement, sink, {}).ok()) << sql;
    PutBytes(key, sink.text);
  }
  void PutBytes(const std::string& key, const std::string& bytes) {
    objects_.push_back(*store_.Put(key, std::span(bytes.data(), bytes.size())));
  }

  std::string List() const {
    std::string list;
    for (const ObjectInfo& object : objects_) list += (list.empty() ? "'lake://" : ", 'lake://") + object.key + "'";
    return "[" + list + "]";
  }

  Result<std::string> Rows(const std::string& sql) {
    scheduler_ = std::make_unique<RangeScheduler>(
        [this](const GetRequest& request, ByteConsumer consume, GetDone done, const Call& call) {
          return store_.StartGet(request, std::move(consume), std::move(done), call);
        },
        RangeSchedulerOptions{});
    Statement statement;
    statement.sql = sql;
    statement.snapshot = std::make_shared<Snapshot>(objects_, &store_, RemoteReads{scheduler_.get(), nullptr});
    TextSink sink;
    const auto summary = database().Run(statement, sink, {});
    if (!summary) return summary.error();
    plan_ = summary->plan;
    stats_ = scheduler_->stats();
    return sink.text;
  }

  MemoryStore store_;
  std::vector<ObjectInfo> objects_;
  std::unique_ptr<RangeScheduler> scheduler_;
  PlanSummary plan_;
  RangeSchedulerStats stats_;
};

// 200,000 rows in row groups of 122,880 (DuckDB's own size): two.
constexpr const char* kTwoGroups =
    "SELECT range AS id, range % 7 AS g, md5(range::VARCHAR) AS text, {'a': range, 'b': 'x' || range} AS s FROM "
    "range(200000)";

TEST_F(ReadPlannerTest, ReadsTheColumnsThatAreAskedFor) {
  Put("a.parquet", kTwoGroups);
  EXPECT_EQ(*Rows("SELECT sum(g) AS s FROM read_parquet(" + List() + ")"), "s\r\n599994\r\n");
  EXPECT_EQ(plan_.row_groups_kept, 2u);
  EXPECT_LT(stats_.bytes, objects_[0].size_bytes / 4);
  EXPECT_LE(stats_.requests, 8u);  // a store without latency is asked for small pieces
}

TEST_F(ReadPlannerTest, StatisticsExcludeRowGroups) {
  Put("a.parquet", kTwoGroups);
  EXPECT_EQ(*Rows("SELECT g FROM read_parquet(" + List() + ") WHERE id = 150000"), "g\r\n4\r\n");
  EXPECT_EQ(plan_.row_groups, 2u);
  EXPECT_EQ(plan_.row_groups_kept, 1u);
}

// DuckDB writes a bloom filter for a column whose values repeat enough for a dictionary.
TEST_F(ReadPlannerTest, BloomFiltersExcludeRowGroupsAndAreReadOnce) {
  Put("bloom.parquet",
      "SELECT (hash(range // 122880 * 50000 + range % 10000) % 1000000007)::BIGINT AS id, md5(range::VARCHAR) || "
      "md5((range + 1)::VARCHAR) AS text FROM range(1000000)");
  const std::string from = " FROM read_parquet(" + List() + ")";
  ASSERT_TRUE(Rows("SELECT id, text" + from + " WHERE id = 12345").ok());
  EXPECT_GT(plan_.row_groups, 6u);
  EXPECT_LE(plan_.row_groups_kept, 1u);
  EXPECT_EQ(stats_.bytes, plan_.bytes);
  EXPECT_LT(stats_.bytes, objects_[0].size_bytes / 10);
}

TEST_F(ReadPlannerTest, TheFooterIsReadOnceForAllStatements) {
  Put("b.parquet", kTwoGroups);
  ASSERT_TRUE(Rows("SELECT count(*) FROM read_parquet(" + List() + ")").ok());
  ASSERT_TRUE(Rows("SELECT count(*) FROM read_parquet(" + List() + ")").ok());
  EXPECT_EQ(stats_.requests, 0u);
}

TEST_F(ReadPlannerTest, AFieldOfAStructIsReadAlone) {
  Put("c.parquet", kTwoGroups);
  EXPECT_EQ(*Rows("SELECT sum(s.a) AS s FROM read_parquet(" + List() + ")"), "s\r\n19999900000\r\n");
  const auto one = stats_.bytes;
  EXPECT_EQ(*Rows("SELECT sum(s.a) AS s, max(s.b) AS m FROM read_parquet(" + List() + ")"),
            "s,m\r\n19999900000,x99999\r\n");
  EXPECT_LT(one * 2, stats_.bytes + one);
}

TEST_F(ReadPlannerTest, ALimitStopsEarly) {
  for (int i = 0; i < 5; ++i) {
    Put("d" + std::to_string(i) + ".parquet",
        "SELECT range + " + std::to_string(i * 200'000) + " AS id FROM range(200000)");
  }
  for (const int rows : {0, 1, 50, 51, 130'000}) {
    const auto text = Rows("SELECT id FROM read_parquet(" + List() + ") LIMIT " + std::to_string(rows));
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(std::count(text->begin(), text->end(), '\n'), rows + 1);
    EXPECT_LE(plan_.bytes, objects_[0].size_bytes + (1 << 20)) << rows;
    EXPECT_LE(stats_.requests, 3u) << rows;
  }
}

TEST_F(ReadPlannerTest, AJoinOfTwoScansIsPlanned) {
  Put("e.parquet", kTwoGroups);
  EXPECT_EQ(*Rows("SELECT count(*) AS n FROM read_parquet(" + List() + ") a JOIN read_parquet(" + List() +
                  ") b USING (id) WHERE b.g = 3"),
            "n\r\n28571\r\n");
  EXPECT_EQ(plan_.objects, 2u);
}

TEST_F(ReadPlannerTest, TextIsReadAhead) {
  std::string csv = "id,text\n";
  for (int i = 0; i < 300'000; ++i) csv += std::to_string(i) + ",some text of a row\n";
  PutBytes("f.csv", csv);
  EXPECT_EQ(*Rows("SELECT sum(id) AS s FROM read_csv(" + List() + ")"), "s\r\n44999850000\r\n");
  EXPECT_LT(stats_.requests, 20u);
}

TEST_F(ReadPlannerTest, ABrokenObjectIsAnErrorOfTheQuery) {
  Put("g.parquet", kTwoGroups);
  PutBytes("h.parquet", "PAR1 and nothing more of it, PAR1");
  const auto rows = Rows("SELECT sum(id) FROM read_parquet(" + List() + ")");
  ASSERT_FALSE(rows.ok());
  EXPECT_NE(rows.error().message.find("h.parquet"), std::string::npos) << rows.error().message;
}

TEST_F(ReadPlannerTest, AReplacedObjectIsNamed) {
  Put("i.parquet", kTwoGroups);
  const std::string list = List();
  ASSERT_TRUE(store_.Put("i.parquet", std::span("new", 3)).ok());
  const auto rows = Rows("SELECT sum(id) FROM read_parquet(" + list + ")");
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().kind, ErrorKind::kConflict);
}

TEST_F(ReadPlannerTest, ACancelledStatementEndsItsPlan) {
  for (int i = 0; i < 20; ++i) Put("j" + std::to_string(i) + ".parquet", "SELECT range AS id FROM range(100000)");
  scheduler_ = std::make_unique<RangeScheduler>(
      [](const GetRequest&, ByteConsumer, GetDone, const Call&) { return std::make_unique<PendingGet>(); },
      RangeSchedulerOptions{});  // never answers
  Statement statement;
  statement.sql = "SELECT sum(id) FROM read_parquet(" + List() + ")";
  statement.snapshot = std::make_shared<Snapshot>(objects_, &store_, RemoteReads{scheduler_.get(), nullptr});
  statement.limits.time = std::chrono::milliseconds(50);
  TextSink sink;
  const auto summary = database().Run(statement, sink, {});
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().kind, ErrorKind::kTimeout);
}

// Only the first object is answered. A thread of the query waits for the second one's footer, and behind it the planner
// for the third's, which is under way if there may be two.
TEST_F(ReadPlannerTest, AStoppedStatementWaitsForNoFooter) {
  for (int i = 0; i < 20; ++i) Put("k" + std::to_string(i) + ".parquet", "SELECT range AS id FROM range(100000)");
  for (const int stopped_at : {1, 2}) {
    std::stop_source stop;
    std::atomic<int> unanswered = 0;
    RangeSchedulerOptions options;
    options.max_requests = stopped_at;
    scheduler_ = std::make_unique<RangeScheduler>(
        [&](const GetRequest& request, ByteConsumer consume, GetDone done, const Call& call) {
          if (request.key == "k0.parquet") return store_.StartGet(request, std::move(consume), std::move(done), call);
          if (++unanswered == stopped_at) stop.request_stop();
          return std::make_unique<PendingGet>();
        },
        options);
    Statement statement;
    statement.sql = "SELECT sum(id) FROM read_parquet(" + List() + ")";
    statement.snapshot = std::make_shared<Snapshot>(objects_, &store_, RemoteReads{scheduler_.get(), nullptr});
    TextSink sink;
    const auto summary = database().Run(statement, sink, stop.get_token());
    ASSERT_FALSE(summary.ok());
    EXPECT_EQ(summary.error().kind, ErrorKind::kCancelled);
  }
}

}  // namespace
}  // namespace eider
