#include "model/build.h"

#include <fmt/format.h>

#include "catalog/leftovers.h"
#include "catalog/test_lake.h"
#include "model/lineage.h"
#include "model/select_models.h"

namespace eider {
namespace {

class BuildTest : public TestLake {
 protected:
  // "ok a; failed b: why; skipped c".
  std::string Built(const std::vector<std::string>& select = {}, bool full_refresh = false, const Call& call = {}) {
    catalog().Refresh();
    std::string told;
    const auto tell = [&](const BuildStep& step) {
      if (!told.empty()) told += "; ";
      told += fmt::format("{} {}", step.skipped ? "skipped" : step.outcome ? "ok" : "failed", step.name);
      if (!step.outcome) told += ": " + step.outcome.error().message;
    };
    const auto summary = Build({select, {full_refresh, {}}}, {store_, database(), catalog()}, tell, call);
    if (!summary) return "error: " + summary.error().message;
    summary_ = *summary;
    return told;
  }

  BuildSummary summary_;
};

TEST_F(BuildTest, ModelsBecomeWhatTheySay) {
  PutParquet("raw.parquet", "SELECT i AS id, i % 2 AS half FROM range(10) t(i)");
  Put("models/v.sql", "SELECT id, half FROM {{ source('lake', 'raw') }} WHERE id < 6");
  Put("models/t.sql", "{{ config(materialized='table', partition_by='half') }} SELECT * FROM {{ ref('v') }}");
  Put("models/e.sql",
      "{{ config(materialized='external', location='out/e.parquet') }} SELECT sum(id) AS s FROM {{ ref('t') }}");
  EXPECT_EQ(Built(), "ok v; ok t; ok e");
  EXPECT_EQ(Rows("t", "count(*), sum(id)"), "6|15");
  EXPECT_EQ(Find("t")->snapshot->objects().size(), 2u);
  EXPECT_EQ(Rows("e"), "15");
  PutParquet("raw.parquet", "SELECT i AS id, 0 AS half FROM range(3) t(i)");
  EXPECT_EQ(Built({"t+"}), "ok t; ok e");
  EXPECT_EQ(Rows("t", "count(*), sum(id)"), "3|3");
  EXPECT_EQ(Rows("e"), "3");
}

TEST_F(BuildTest, AModelThatFailsHalfWayLeavesWhatWasThere) {
  PutParquet("raw.parquet", "SELECT i AS id FROM range(200000) t(i)");
  const std::string table = "{{ config(materialized='table') }} SELECT id FROM raw";
  const std::string object = "{{ config(materialized='external') }} SELECT id FROM raw";
  Put("models/t.sql", table);
  Put("models/e.sql", object);
  Put("models/reads.sql", "SELECT count(*) AS n FROM {{ ref('t') }}");
  Put("models/apart.sql", "SELECT 1 AS a");
  ASSERT_EQ(Built(), "ok apart; ok e; ok t; ok reads");
  const std::string fails = " WHERE CASE WHEN id = 199999 THEN error('half-way') ELSE true END";
  Put("models/t.sql", table + fails);
  Put("models/e.sql", object + fails);
  const std::string told = Built();
  EXPECT_PRED2(Holds, told, "ok apart; failed e: models/e.sql: ");
  EXPECT_PRED2(Holds, told, "half-way; skipped reads: skipped, for it reads 't'");
  EXPECT_EQ(summary_.failed, 2u);
  EXPECT_EQ(summary_.skipped, 1u);
  EXPECT_EQ(Rows("t", "count(*)"), "200000");
  EXPECT_EQ(Rows("e", "count(*)"), "200000");
  EXPECT_TRUE(FindLeftovers(store_)->empty());
}

TEST_F(BuildTest, AStoreThatFailsHalfWayLeavesWhatWasThere) {
  PutParquet("raw.parquet", "SELECT i AS id, i % 3 AS part FROM range(9) t(i)");
  Put("models/t.sql", "{{ config(materialized='table', partition_by='part') }} SELECT * FROM raw");
  ASSERT_EQ(Built(), "ok t");
  store_.OnRequest([](const StoreRequest& request) -> Status {
    const bool part = request.operation == StoreOperation::kCommit && request.key.starts_with("t/part=2/");
    return part ? Status(Error{ErrorKind::kUnavailable, "the disk is gone", {}}) : Status();
  });
  EXPECT_PRED2(Holds, Built(), "the disk is gone");
  EXPECT_EQ(summary_.first_failure->kind, ErrorKind::kUnavailable);
  store_.OnRequest({});
  EXPECT_EQ(Rows("t", "count(*), sum(id)"), "9|36");
}

TEST_F(BuildTest, NothingIsBuiltWhileAModelCannotBeRead) {
  Put("models/a.sql", "{{ config(materialized='table') }} SELECT 1 AS id");
  Put("models/b.sql", "FROM {{ ref('c') }}");
  Put("models/c.sql", "FROM {{ ref('b') }}");
  const std::string told = Built();
  EXPECT_PRED2(Holds, told, "failed b: models/b.sql: these read each other in a ring: b -> c -> b");
  EXPECT_EQ(told.find("ok"), std::string::npos) << told;
  EXPECT_EQ(Failure("a").kind, ErrorKind::kNotFound);
  EXPECT_EQ(Built({"a"}), "ok a");
}

TEST_F(BuildTest, PartitionsAreReplacedByThoseThatCome) {
  PutParquet("raw.parquet", "SELECT * FROM (VALUES (1, 'a'), (1, 'b'), (2, 'c')) t(day, v)");
  Put("models/m.sql",
      "{{ config(materialized='incremental', partition_by=['day']) }} SELECT * FROM raw\n"
      "{% if is_incremental() %} WHERE day >= (SELECT max(day) FROM {{ this }}) {% endif %}");
  ASSERT_EQ(Built(), "ok m");
  PutParquet("raw.parquet", "SELECT * FROM (VALUES (1, 'lost'), (2, 'd'), (2, 'e'), (3, 'f')) t(day, v)");
  ASSERT_EQ(Built(), "ok m");
  EXPECT_EQ(Rows("m", "string_agg(day || v, ' ' ORDER BY day, v)"), "1a 1b 2d 2e 3f");
  ASSERT_EQ(Built({}, /*full_refresh=*/true), "ok m");
  EXPECT_EQ(Rows("m", "string_agg(day || v, ' ' ORDER BY day, v)"), "1lost 2d 2e 3f");
}

TEST_F(BuildTest, RowsOfOneKeyAreReplaced) {
  PutParquet("raw.parquet", "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (NULL, 'n')) t(id, v)");
  Put("models/m.sql", "{{ config(materialized='incremental', unique_key='id') }} SELECT * FROM raw -- to the end;");
  ASSERT_EQ(Built(), "ok m");
  PutParquet("raw.parquet", "SELECT * FROM (VALUES (2, 'B'), (3, 'c'), (NULL, 'N')) t(id, v)");
  ASSERT_EQ(Built(), "ok m");
  EXPECT_EQ(Rows("m", "string_agg(coalesce(id, 0) || v, ' ' ORDER BY id NULLS FIRST)"), "0N 1a 2B 3c");
  Put("models/m.sql", "{{ config(materialized='incremental', unique_key='idd') }} SELECT * FROM raw");
  EXPECT_PRED2(Holds, Built(), "its unique_key 'idd' is none of its columns. Did you mean 'id'?");
  Put("models/m.sql", "{{ config(materialized='incremental', unique_key='id') }} SELECT id FROM raw");
  EXPECT_PRED2(Holds, Built(), "its columns are no longer those of 'm/': id instead of id, v; --full-refresh");
}

TEST_F(BuildTest, WithoutAKeyRowsAreAdded) {
  Put("models/m.sql", "{{ config(materialized='incremental') }} SELECT 1 AS id");
  ASSERT_EQ(Built(), "ok m");
  ASSERT_EQ(Built(), "ok m");
  EXPECT_EQ(Rows("m"), "1;1");
}

// Between the reading and the commit of a model that reads itself another write comes.
TEST_F(BuildTest, AReplacedRowIsNeverLostToAnotherWriter) {
  Put("models/m.sql", "{{ config(materialized='incremental', unique_key='id') }} SELECT 1 AS id");
  ASSERT_EQ(Built(), "ok m");
  bool raced = false;
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (!raced && request.operation == StoreOperation::kCommit && request.key.starts_with("m/part-")) {
      raced = true;
      Statement other;
      other.sql = "SELECT 2 AS id";
      EXPECT_TRUE(WriteDataset({"m/", {}, WriteMode::kAppend}, other, store_, database()).ok());
    }
    return {};
  });
  EXPECT_PRED2(Holds, Built(), "'m/' was written by someone else meanwhile");
  EXPECT_TRUE(raced);
  store_.OnRequest({});
  catalog().Refresh();
  EXPECT_EQ(Rows("m", "list(id ORDER BY id)::VARCHAR"), "[1, 2]");
}

TEST_F(BuildTest, ATableWithoutRowsIsATable) {
  PutParquet("raw.parquet", "SELECT 1 AS id, 'x' AS v");
  Put("models/t.sql", "{{ config(materialized='table') }} SELECT * FROM raw WHERE id > 5");
  ASSERT_EQ(Built(), "ok t");
  EXPECT_EQ(Columns("t"), "id INTEGER, v VARCHAR");
  EXPECT_EQ(Rows("t", "count(*)"), "0");
}

TEST_F(BuildTest, TestsSayHowManyRowsAreWrong) {
  PutParquet("raw.parquet", "SELECT * FROM (VALUES (1, 'a'), (1, 'b'), (NULL, 'zz')) t(id, v)");
  PutParquet("known.parquet", "SELECT 'a' AS v UNION ALL SELECT 'b'");
  Put("models/m.sql", "SELECT * FROM raw");
  Put("models/on.sql", "SELECT * FROM {{ ref('m') }}");
  const auto properties = [&](const std::string& id, const std::string& v) {
    Put("models/p.yml",
        fmt::format("models: [{{name: m, columns: [{{name: id, tests: [{}]}}, {{name: v, tests: [{}]}}]}}]", id, v));
  };
  properties("not_null", "unique");
  EXPECT_EQ(Built(),
            "ok m; failed not_null m.id: 1 rows have none; ok unique m.v; skipped on: skipped, for it reads 'm'");
  properties("unique", "accepted_values: {values: [a, b]}");
  EXPECT_EQ(Built({"m"}),
            "ok m; failed unique m.id: 1 values are there more than once, such as '1'; failed accepted_values m.v: 1 "
            "rows have another value, such as 'zz'");
  properties("accepted_values: {values: [1]}", "relationships: {to: \"source('lake', 'known')\", field: v}");
  EXPECT_EQ(Built({"m"}),
            "ok m; ok accepted_values m.id; failed relationships m.v: 1 rows have a value that is not in known.v, such "
            "as 'zz'");
  EXPECT_EQ(summary_.tests, 2u);
  properties("unique", "relationships: {to: knwon, field: v}");
  EXPECT_PRED2(Holds, Built({"m"}), "Did you mean 'known'?");
}

TEST_F(BuildTest, ATableWhoseNewRowsFailATestIsNotReplaced) {
  Put("models/t.sql", "{{ config(materialized='table', partition_by='half') }} SELECT 1 AS id, 0 AS half");
  Put("models/on.sql", "SELECT * FROM {{ ref('t') }}");
  Put("models/p.yml", "models: [{name: t, columns: [{name: id, tests: [unique]}, {name: half, tests: [not_null]}]}]");
  ASSERT_EQ(Built(), "ok unique t.id; ok not_null t.half; ok t; ok on");
  Put("models/t.sql",
      "{{ config(materialized='table', partition_by='half') }} SELECT i // 3 AS id, i % 2 AS half FROM range(6) t(i)");
  EXPECT_EQ(Built(),
            "failed unique t.id: 2 values are there more than once, such as '0'; ok not_null t.half; failed t: "
            "models/t.sql: its rows fail a test, so that what was there stays; skipped on: skipped, for it reads 't'");
  EXPECT_EQ(Rows("t"), "1|0");
  EXPECT_TRUE(FindLeftovers(store_)->empty());
  // Of an incremental model all rows count, not only those that come.
  Put("models/t.sql", "{{ config(materialized='incremental', partition_by='half') }} SELECT 1 AS id, 1 AS half");
  EXPECT_PRED2(Holds, Built({"t"}), "failed unique t.id: 1 values are there more than once, such as '1'");
  Put("models/t.sql", "{{ config(materialized='incremental', partition_by='half') }} SELECT 2 AS id, 1 AS half");
  EXPECT_EQ(Built({"t"}), "ok unique t.id; ok not_null t.half; ok t");
  EXPECT_EQ(Rows("t", "string_agg(id || '|' || half, ';' ORDER BY id)"), "1|0;2|1");
}

TEST_F(BuildTest, AQueryThatHasRowsFails) {
  Put("models/m.sql", "SELECT * FROM range(5) t(id)");
  Put("models/other.sql", "SELECT 1 AS id");
  Put("tests/small.sql", "SELECT * FROM {{ ref('m') }} WHERE id > 2");
  Put("tests/fine.sql", "SELECT * FROM {{ ref('m') }} WHERE id > 7;");
  EXPECT_EQ(Built({"m"}), "ok m; ok tests/fine.sql; failed tests/small.sql: 2 rows, and there must be none");
  EXPECT_EQ(summary_.first_failure->kind, ErrorKind::kInvalid);
  EXPECT_EQ(Built({"other"}), "ok other");
  Put("tests/small.sql", "SELECT * FROM {{ ref('mm') }}");
  EXPECT_PRED2(Holds, Built({"m"}), "tests/small.sql: line 1, column 18: there is no model 'mm'. Did you mean 'm'?");
}

TEST_F(BuildTest, DataOfTheSameNameIsNotReplaced) {
  PutParquet("t/mine.parquet", "SELECT 1 AS id");
  PutParquet("v.parquet", "SELECT 1 AS id");
  Put("models/t.sql", "{{ config(materialized='table') }} SELECT 2 AS id");
  Put("models/v.sql", "SELECT 2 AS id");
  EXPECT_EQ(Built(),
            "failed t: models/t.sql: 't/' holds data that Eider did not write ('t/mine.parquet'): write under another "
            "name; failed v: models/v.sql: the lake holds data called 'v' ('v.parquet'), which stands before the view: "
            "remove it, or rename the model");
}

TEST_F(BuildTest, SelectsByNameAndByWhatReadsIt) {
  Put("models/a.sql", "SELECT 1 AS id");
  Put("models/b.sql", "SELECT * FROM {{ ref('a') }}");
  Put("models/c.sql", "SELECT * FROM {{ ref('b') }}");
  Put("models/d.sql", "SELECT * FROM v");
  Put("eider.yaml", "views: {v: FROM b}");
  Open();
  EXPECT_EQ(Built({"b"}), "ok b");
  EXPECT_EQ(Built({"+b"}), "ok a; ok b");
  EXPECT_EQ(Built({"b+"}), "ok b; ok c; ok d");
  EXPECT_EQ(Built({"a,c", "+d"}), "ok a; ok b; ok c; ok d");
  EXPECT_EQ(Built({"bb"}), "error: there is no model 'bb'. Did you mean 'b'? --select takes NAME, NAME+ and +NAME");
}

TEST_F(BuildTest, AStopEndsIt) {
  Put("models/a.sql", "SELECT 1 AS id");
  Put("models/b.sql", "SELECT 1 AS id");
  std::stop_source stop;
  std::string told;
  const auto tell = [&](const BuildStep& step) {
    told += step.name;
    stop.request_stop();
  };
  const auto summary = Build({}, {store_, database(), catalog()}, tell, {stop.get_token()});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(told, "a");
  EXPECT_EQ(summary->first_failure->kind, ErrorKind::kCancelled);
}

TEST_F(BuildTest, LineageNamesWhatIsMadeFromWhat) {
  Put("models/a.sql", "-- {{ config(materialized='table') }}\nSELECT * FROM raw");
  Put("eider.yaml", "views: {v: FROM a}");
  Open();
  const auto models = catalog().FindModels();
  ASSERT_TRUE(models.ok());
  EXPECT_EQ(LineageJson(**models),
            "{\"nodes\":[{\"name\":\"raw\",\"kind\":\"dataset\",\"reads\":[]},"
            "{\"name\":\"a\",\"kind\":\"table\",\"file\":\"models/a.sql\",\"tests\":0,\"reads\":[\"raw\"]},"
            "{\"name\":\"v\",\"kind\":\"view\",\"reads\":[\"a\"]}]}\n");
  const std::set<std::string> none;
  EXPECT_EQ(LineageJson(**models, &none), "{\"nodes\":[]}\n");
  const std::set<std::string> one = {"v"};
  EXPECT_EQ(LineageJson(**models, &one), "{\"nodes\":[{\"name\":\"v\",\"kind\":\"view\",\"reads\":[]}]}\n");
}

}  // namespace
}  // namespace eider
