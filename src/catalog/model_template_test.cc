#include "catalog/model_template.h"

#include <gtest/gtest.h>

#include "catalog/test_lake.h"

namespace eider {
namespace {

std::string Sql(const std::string& text, bool incremental = false) {
  const auto rendered = RenderTemplate(text, {"me", {{"BUCKET", "b"}}, incremental});
  return rendered ? rendered->sql : "error: " + rendered.error().message;
}

TEST(ModelTemplateTest, NamesStandForTablesOfTheLake) {
  EXPECT_EQ(Sql("SELECT * FROM {{ ref('a') }} JOIN {{ref(\"b\")}} USING (id)"),
            "SELECT * FROM lake.\"a\" JOIN lake.\"b\" USING (id)");
  EXPECT_EQ(Sql("FROM {{ ref('package', 'a-b') }}"), "FROM lake.\"a-b\"");
  EXPECT_EQ(Sql("FROM {{ source('raw', 'flights') }}"), "FROM lake.\"flights\"");
  EXPECT_EQ(Sql("FROM {{- this -}} t"), "FROM lake.\"me\" t");
  EXPECT_EQ(Sql("SELECT '{' || '}' AS s, {'a': 1} AS t"), "SELECT '{' || '}' AS s, {'a': 1} AS t");
}

TEST(ModelTemplateTest, LinesStayWhereTheyWere) {
  EXPECT_EQ(Sql("{{ config(\n  materialized='table'\n) }}\nSELECT {# why\nnot #}1"), "\n\n\nSELECT \n1");
}

TEST(ModelTemplateTest, ConfigCountsInComments) {
  const auto rendered = RenderTemplate(
      "-- {{ config(materialized='table', partition_by=['a', \"b\"], n=-1.5, on=true, m={'k': 'v'},) }}\nSELECT 1",
      {"me", {}, false});
  ASSERT_TRUE(rendered.ok()) << rendered.error().message;
  EXPECT_EQ(rendered->sql, "-- \nSELECT 1");
  ASSERT_EQ(rendered->config.size(), 5u);
  EXPECT_EQ(rendered->config[0].name, "materialized");
  EXPECT_EQ(rendered->config[0].value[0].text, "table");
  EXPECT_EQ(rendered->config[1].value[0].arguments.size(), 2u);
  EXPECT_EQ(rendered->config[2].value[0].text, "-1.5");
}

TEST(ModelTemplateTest, AnIncrementalRunHasItsOwnPart) {
  const std::string text = "A{% if is_incremental() %} B {{ this }}{% else %} C{% endif %} D";
  EXPECT_EQ(Sql(text), "A C D");
  EXPECT_EQ(Sql(text, true), "A B lake.\"me\" D");
  EXPECT_EQ(Sql("{%- if not is_incremental() -%}X{%- endif -%}"), "X");
  EXPECT_FALSE(RenderTemplate(text, {"me", {}, false})->reads_itself);
  EXPECT_TRUE(RenderTemplate(text, {"me", {}, true})->reads_itself);
}

TEST(ModelTemplateTest, VariablesAreThoseThatModelsMayRead) {
  EXPECT_EQ(Sql("FROM 's3://{{ env_var('BUCKET') }}/x.parquet'"), "FROM 's3://b/x.parquet'");
  EXPECT_EQ(Sql("SELECT {{ env_var('NONE', '7') }}"), "SELECT 7");
  EXPECT_PRED2(Holds, Sql("SELECT 1\n  {{ env_var('HOME') }}"), "line 2, column 6: models may not read");
  const auto joined =
      RenderTemplate("{{ config(location='s3://' ~ env_var('BUCKET') ~ '/x') }}", {"me", {{"BUCKET", "b"}}, false});
  ASSERT_TRUE(joined.ok()) << joined.error().message;
  EXPECT_EQ(joined->config[0].value[0].text, "s3://b/x");
}

TEST(ModelTemplateTest, WhatIsNotReadSaysWhereAndWhatIs) {
  EXPECT_PRED2(Holds, Sql("SELECT 1\n{% for x in y %}"),
               "line 2, column 1: 'for x in y' is not understood. Eider reads");
  EXPECT_PRED2(Holds, Sql("{{ run_query('x') }}"), "'run_query' is not understood");
  EXPECT_PRED2(Holds, Sql("{{ ref('a' }}"), "',' or ')' is wanted here");
  EXPECT_PRED2(Holds, Sql("{{ ref(a) }}"), "ref() wants texts in quotes");
  EXPECT_PRED2(Holds, Sql("{{ ref('a') | upper }}"), "'|' is not understood here");
  EXPECT_PRED2(Holds, Sql("{{ ref('a')"), "'{{' is not closed by '}}'");
  EXPECT_PRED2(Holds, Sql("{{ ref('a) }}"), "is not closed");
  EXPECT_PRED2(Holds, Sql("{{}}"), "is wanted here");
  EXPECT_PRED2(Holds, Sql("{{"), "is not closed");
  EXPECT_PRED2(Holds, Sql("{{-}}"), "is wanted here");
  EXPECT_PRED2(Holds, Sql("{% if is_incremental() %}"), "has no {% endif %}");
  EXPECT_PRED2(Holds, Sql("{% endif %}"), "is not understood");
  EXPECT_PRED2(Holds, Sql("{{ config('x') }}"), "config() wants NAME=VALUE");
  EXPECT_PRED2(Holds, Sql("{{ config(a=" + std::string(1000, '[') + ") }}"), "nested too deeply");
}

}  // namespace
}  // namespace eider
