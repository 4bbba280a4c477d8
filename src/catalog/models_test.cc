#include "catalog/models.h"

#include "catalog/test_lake.h"

namespace eider {
namespace {

class ModelsTest : public TestLake {
 protected:
  static Models Read(const std::map<std::string, std::string>& files, const std::string& yaml = "") {
    const auto config = ParseConfig(yaml, "eider.yaml", database());
    EXPECT_TRUE(config.ok());
    return ReadModels(files, *config, {database(), "s3://bucket/lake", {{"BUCKET", "bucket"}}});
  }
  static std::string Wrong(const std::map<std::string, std::string>& files, const std::string& name,
                           const std::string& yaml = "") {
    const Models models = Read(files, yaml);
    const auto found = models.models.find(name);
    return found == models.models.end() || found->second ? "" : found->second.error().message;
  }
  static std::string WrongFile(const std::map<std::string, std::string>& files) {
    const Models models = Read(files);
    return models.errors.empty() ? "" : models.errors.front().message;
  }
};

TEST_F(ModelsTest, AModelIsItsFileAndWhatIsSaidOfIt) {
  const Models models = Read({
      {"models/taxi/trips.sql",
       "-- {{ config(materialized='table', partition_by='day', tags=['x']) }}\n"
       "WITH raw AS (SELECT * FROM {{ source('lake', 'raw') }}) SELECT * FROM raw"},
      {"models/_schema.yml",
       "version: 2\nmodels:\n  - name: trips\n    description: One a trip\n"
       "    config: {materialized: view}\n    columns:\n      - name: id\n        data_type: int\n"
       "        data_tests: [not_null, unique]\n      - name: kind\n        tests:\n"
       "          - accepted_values: {values: [1, b], quote: false}\n"
       "          - relationships: {arguments: {to: ref('kinds'), field: k}}\n"
       "sources: [{name: lake, tables: [{name: raw}]}]\n"},
  });
  EXPECT_TRUE(models.errors.empty());
  const auto& model = models.models.at("trips");
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->config.materialized, Materialization::kTable);
  EXPECT_EQ(model->config.partition_by, (std::vector<std::string>{"day"}));
  EXPECT_EQ(model->description, "One a trip");
  EXPECT_EQ(model->reads, (std::set<std::string>{"raw"}));
  ASSERT_EQ(model->tests.size(), 4u);
  EXPECT_EQ(model->tests[2].values, (std::vector<std::string>{"1", "b"}));
  EXPECT_EQ(model->tests[3].to, "kinds");
}

TEST_F(ModelsTest, TheSeedsSpellingOfAnExternalModelIsRead) {
  const Models models = Read({{"models/top.sql",
                               "{{ config(materialized='external', location=\"s3://{{ env_var('BUCKET') "
                               "}}/lake/dashboard/top.parquet\") }}\nSELECT 1 AS a"}});
  ASSERT_TRUE(models.models.at("top").ok()) << models.models.at("top").error().message;
  EXPECT_EQ(models.models.at("top")->config.location, "dashboard/top.parquet");
  EXPECT_PRED2(
      Holds, Wrong({{"models/x.sql", "{{ config(materialized='external', location='s3://o/x.parquet') }}FROM a"}}, "x"),
      "outside of the lake");
}

TEST_F(ModelsTest, AnIncrementalModelReadsItselfOnceItIsThere) {
  const Models models = Read({{"models/m.sql",
                               "{{ config(materialized='incremental', unique_key=['id']) }}\nSELECT * FROM raw\n"
                               "{% if is_incremental() %}WHERE id > (SELECT max(id) FROM {{ this }}){% endif %}"}});
  const auto& model = models.models.at("m");
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->sql.find("WHERE"), std::string::npos);
  EXPECT_PRED2(Holds, model->incremental_sql, "FROM lake.\"m\"");
  EXPECT_EQ(model->reads, (std::set<std::string>{"raw"}));
  EXPECT_PRED2(Holds, Wrong({{"models/m.sql", "SELECT * FROM {{ this }}"}}, "m"),
               "outside of {% if is_incremental() %}");
}

TEST_F(ModelsTest, ARingIsNamedAndLeavesTheOthers) {
  const std::map<std::string, std::string> files = {{"models/a.sql", "FROM {{ ref('b') }}"},
                                                    {"models/b.sql", "FROM v"},
                                                    {"models/c.sql", "SELECT 1 AS a"},
                                                    {"models/d.sql", "FROM {{ ref('d') }}"}};
  const std::string yaml = "views: {v: FROM a}";
  EXPECT_EQ(Wrong(files, "a", yaml), "models/a.sql: these read each other in a ring: a -> b -> v -> a");
  EXPECT_EQ(Wrong(files, "b", yaml), "models/b.sql: these read each other in a ring: a -> b -> v -> a");
  EXPECT_EQ(Wrong(files, "d", yaml), "models/d.sql: these read each other in a ring: d -> d");
  EXPECT_TRUE(Read(files, yaml).models.at("c").ok());
}

TEST_F(ModelsTest, AnUnknownRefSaysTheNearest) {
  const std::string message =
      Wrong({{"models/trips.sql", "SELECT 1 AS a"}, {"models/b.sql", "SELECT *\nFROM {{ ref('tripps') }}"}}, "b");
  EXPECT_PRED2(Holds, message, "models/b.sql: line 2, column 9: there is no model 'tripps'. Did you mean 'trips'?");
}

TEST_F(ModelsTest, WhatCannotBeSaysWhy) {
  const auto with = [](const std::string& config) {
    return Wrong({{"models/m.sql", "{{ config(" + config + ") }} SELECT 1 AS a"}}, "m");
  };
  EXPECT_PRED2(Holds, with("materialized='tabel'"), "Did you mean 'table'?");
  EXPECT_PRED2(Holds, with("materialised='table'"), "config has no 'materialised'. Did you mean 'materialized'?");
  EXPECT_PRED2(Holds, with("pre_hook='DROP'"), "config has no 'pre_hook'. Known are");
  EXPECT_PRED2(Holds, with("location='x.parquet'"), "'location' is for materialized='external'");
  EXPECT_PRED2(Holds, with("unique_key='a'"), "'unique_key' is for materialized='incremental'");
  EXPECT_PRED2(Holds, with("materialized='incremental', unique_key='a', partition_by='a'"), "not both");
  EXPECT_PRED2(Holds, with("materialized='incremental', incremental_strategy='merge'"), "wants a 'unique_key'");
  EXPECT_PRED2(Holds, with("materialized='external', location='../x.parquet'"), "..");
  EXPECT_PRED2(Holds, with("materialized='external', location='x.csv'"), "wants to be a .parquet");
  EXPECT_PRED2(Holds, Wrong({{"models/m.sql", "SELECT 1; SELECT 2"}}, "m"), "models/m.sql: exactly one SELECT");
  EXPECT_PRED2(Holds, Wrong({{"models/m.sql", "COPY a TO 'b'"}}, "m"), "exactly one SELECT");
  EXPECT_PRED2(Holds, Wrong({{"models/_m.sql", "SELECT 1"}}, "_m"), "is no model's name");
  EXPECT_PRED2(Holds, Wrong({{"models/a/m.sql", "SELECT 1"}, {"models/b/m.sql", "SELECT 1"}}, "m"),
               "two models are called 'm': 'models/a/m.sql' and 'models/b/m.sql'");
  EXPECT_PRED2(Holds, Wrong({{"models/m.sql", "SELECT 1"}}, "m", "views: {m: SELECT 1}"),
               "is a view of eider.yaml, too");
}

TEST_F(ModelsTest, PropertiesThatCannotBeSayWhere) {
  const auto with = [](const std::string& yaml) {
    return WrongFile({{"models/m.sql", "SELECT 1 AS a"}, {"models/p.yml", yaml}});
  };
  const std::string head = "models:\n- name: m\n  columns:\n  - name: a\n    tests:\n    - ";
  EXPECT_PRED2(Holds, with(head + "not_nul\n"),
               "models/p.yml:6:7: there is no test 'not_nul'. Did you mean 'not_null'?");
  EXPECT_PRED2(Holds, with(head + "accepted_values\n"), "accepted_values wants 'values'");
  EXPECT_PRED2(Holds, with(head + "relationships: {to: x}\n"), "relationships wants 'to'");
  EXPECT_PRED2(Holds, with(head + "unique: {where: a > 1}\n"), "Eider's tests have no 'where'");
  EXPECT_PRED2(Holds, with("models: [{name: mm}]\n"), "models/p.yml:1:10: there is no model 'mm'. Did you mean 'm'?");
  EXPECT_PRED2(Holds, with("models: [{name: m}, {name: m}]\n"), "is described twice");
  EXPECT_PRED2(Holds, with("models: {name: m}\n"), "'models' wants a list");
  EXPECT_PRED2(Holds, with("sources: [{name: s, tables: [{name: t, columns: [{name: a, tests: [unique]}]}]}]\n"),
               "tests of sources are not run");
  EXPECT_PRED2(Holds, with("models: [\n"), "models/p.yml:");
}

TEST_F(ModelsTest, ModelsOfTheLakeAreDatasets) {
  PutParquet("raw/a.parquet", "SELECT 1 AS id UNION ALL SELECT 2");
  Put("models/twice.sql", "SELECT id * 2 AS id FROM {{ source('lake', 'raw') }}");
  Put("models/deep/four.sql", "SELECT id * 2 AS id FROM {{ ref('twice') }} AS t WHERE t.id > 2");
  Put("models/kept.sql", "{{ config(materialized='table') }} SELECT 1 AS id");
  Put("models/out.sql", "{{ config(materialized='external', location='reports/o.parquet') }} SELECT 1 AS id");
  Put("models/wrong.sql", "SELEC");
  Put("tests/none.sql", "SELECT 1 WHERE false");
  EXPECT_EQ(Names(), "four kept out raw twice wrong");
  EXPECT_EQ(Rows("four"), "8");
  EXPECT_PRED2(Holds, Failure("kept").message, "model 'kept' has not been built yet: `eider build --select kept` does");
  EXPECT_PRED2(Holds, Failure("out").message, "has not been built yet");
  EXPECT_PRED2(Holds, Failure("wrong").message, "models/wrong.sql: line 1, column 1: ");
  EXPECT_PRED2(Holds, Failure("twicee").message, "Did you mean 'twice'?");
  PutParquet("reports/o.parquet", "SELECT 7 AS id");
  EXPECT_EQ(Rows("out"), "7");
  Put("models/twice.sql", "SELECT id * 3 AS id FROM raw");
  EXPECT_EQ(Rows("four"), "6;12");
}

TEST_F(ModelsTest, ALakeWithoutModelsIsAskedNothingMoreForADataset) {
  PutParquet("raw/a.parquet", "SELECT 1 AS id");
  Open();
  store_.ForgetRequests();
  EXPECT_EQ(Rows("raw"), "1");
  for (const StoreRequest& request : store_.requests()) EXPECT_EQ(request.key.find("models"), std::string::npos);
}

TEST_F(ModelsTest, ModelsMayLieBesideAConfigurationOutsideOfTheLake) {
  MemoryStore beside;
  const std::string sql = "SELECT id + 1 AS id FROM raw";
  ASSERT_TRUE(beside.Put("models/next.sql", sql).ok());
  PutParquet("raw.parquet", "SELECT 1 AS id");
  Put("models/other.sql", "SELECT 1");
  CatalogOptions options;
  options.config_yaml = "";
  options.model_store = &beside;
  Catalog& catalog = Open(options);
  EXPECT_EQ(Rows("next"), "2");
  EXPECT_EQ(catalog.FindModels().value()->models.size(), 1u);
}

}  // namespace
}  // namespace eider
