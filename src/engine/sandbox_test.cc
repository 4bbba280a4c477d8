#include "engine/sandbox.h"

#include <set>

#include "engine/database_suite.h"
#include "engine/text_sink.h"

namespace eider {
namespace {

class SandboxTest : public DatabaseSuite {
 protected:
  static std::string Run(const std::string& sql, bool confined = true) {
    Statement statement;
    statement.sql = sql;
    statement.confined = confined;
    TextSink sink;
    const auto run = database().Run(statement, sink, {});
    return run ? sink.text : "refused: " + run.error().message;
  }

  static FunctionKind KindOf(const std::string& type) {
    return type.starts_with("table") ? FunctionKind::kTable : FunctionKind::kValue;
  }

  static std::vector<std::vector<std::optional<std::string>>> Functions() {
    Statement statement;
    statement.sql =
        "SELECT DISTINCT function_name, function_type, coalesce(stability, 'CONSISTENT') FROM duckdb_functions() "
        "WHERE function_type <> 'pragma'";
    return database().Query(statement)->rows;
  }
};

bool Holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(SandboxTest, EveryFunctionOfDuckdbIsClassed) {
  for (const auto& row : Functions()) {
    EXPECT_NE(ClassOf(KindOf(*row[1]), *row[0]), nullptr)
        << *row[1] << " " << *row[0] << "() is new: give it a class in sandbox_functions.txt";
  }
}

TEST_F(SandboxTest, WhatChangesIsNoPlainFunction) {
  for (const auto& row : Functions()) {
    const FunctionClass* known = ClassOf(KindOf(*row[1]), *row[0]);
    const bool session = Holds(*row[0], "current_database") || Holds(*row[0], "current_schema");
    if (*row[2] != "CONSISTENT" && known != nullptr && !session) {
      EXPECT_NE(known->name, "plain") << *row[0] << " is " << *row[2];
    }
  }
}

TEST_F(SandboxTest, RefusesByNameWhereverItStands) {
  for (const char* sql :
       {"SELECT current_setting('temp_directory')", "SELECT 1 ORDER BY current_setting('threads')",
        "SELECT system.main.current_setting('threads')", "SELECT ('threads').current_setting()",
        "SELECT [current_setting(x) for x in ['threads']]", "SELECT (SELECT max(current_setting('threads')))",
        "WITH a AS (SELECT current_setting('threads')) FROM a", "SELECT 1 LIMIT length(current_setting('threads'))",
        "FROM (DESCRIBE SELECT current_setting('threads'))",
        "SELECT count(*) FILTER (current_setting('threads') = '1')",
        "SELECT sum(1) OVER (ORDER BY current_setting('threads'))", "FROM (VALUES (current_setting('threads'))) t",
        "SELECT 1 FROM range(1) t(a) JOIN range(1) u(b) "
        "ON current_setting('threads') = '1'",
        "SELECT list_transform([1], lambda x: current_setting('threads'))",
        "FROM (SELECT 1 AS a) UNPIVOT (v FOR n IN (current_setting('threads')))",
        "SELECT * REPLACE (current_setting('threads') AS a) FROM (SELECT 1 AS a)",
        "SELECT CASE WHEN true THEN current_setting('threads') END", "SELECT CURRENT_SETTING('threads')"}) {
    EXPECT_PRED2(Holds, Run(sql), "it tells settings of the server") << sql;
  }
}

TEST_F(SandboxTest, RefusesWhatAViewOrAMacroBringsIn) {
  EXPECT_PRED2(Holds, Run("FROM duckdb_settings"), "does not exist");
  for (const char* sql : {"FROM duckdb_tables", "FROM sqlite_master", "FROM pragma_database_list"}) {
    EXPECT_PRED2(Holds, Run(sql), "it tells of the server") << sql;
    EXPECT_FALSE(Holds(Run(sql, /*confined=*/false), "refused")) << sql;
  }
  EXPECT_PRED2(Holds, Run("FROM histogram('t', 'a')"), "it runs SQL that is a text");
}

TEST_F(SandboxTest, AllowsWhatComputes) {
  EXPECT_EQ(Run("SELECT sum(range) AS s FROM range(10)"), "s\r\n45\r\n");
  EXPECT_EQ(Run("SELECT list_sort([3, 1])[1] AS a, 'x' LIKE 'X' AS b, strftime(DATE '2001-02-03', '%d') AS c"),
            "a,b,c\r\n1,false,03\r\n");
  EXPECT_EQ(Run("SELECT first(a ORDER BY a) AS f, histogram(a) AS h FROM (VALUES (1), (2)) t(a)"),
            "f,h\r\n1,\"{1=1, 2=1}\"\r\n");
  EXPECT_EQ(Run("SELECT DISTINCT ON (a % 2) a FROM range(2) t(a) ORDER BY a"), "a\r\n0\r\n1\r\n");
  EXPECT_EQ(Run("FROM (PIVOT (SELECT 'x' AS k, 1 AS v) ON k IN ('x') USING sum(v))"), "x\r\n1\r\n");
  EXPECT_EQ(Run("SELECT column_name FROM (DESCRIBE SELECT 1 AS a)"), "column_name\r\na\r\n");
}

TEST_F(SandboxTest, SaysWhereItIsWrong) {
  for (const auto& [sql, place] :
       {std::pair{"SELECT 1 +\n getvariable('x')", "line 2, column 2: getvariable() is refused"},
        {"SELECT a FROM range(1) t(b)", "line 1, column 8: "},
        {"SELECT 1 FRM x", "line 1, column 14: "},
        {"SELECT summ(1)", "line 1, column 8: "}}) {
    Statement statement;
    statement.sql = sql;
    statement.confined = statement.quotable = true;
    TextSink sink;
    const auto run = database().Run(statement, sink, {});
    ASSERT_FALSE(run.ok()) << sql;
    EXPECT_TRUE(run.error().message.starts_with(place)) << run.error().message;
    EXPECT_TRUE(run.error().message.ends_with("^")) << run.error().message;
    EXPECT_FALSE(Holds(run.error().message, "LINE")) << run.error().message;
  }
}

TEST_F(SandboxTest, NoDepthOfNestingEndsTheProcess) {
  const auto repeat = [](const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  constexpr int kDeep = 50'000;
  for (const std::string& sql :
       {"SELECT " + repeat("(", kDeep) + "1" + repeat(")", kDeep), "SELECT 1" + repeat("+1", kDeep),
        "SELECT " + repeat("-", 1) + repeat(" - ", kDeep) + "1", "SELECT 1" + repeat(" UNION ALL SELECT 1", 5'000),
        repeat("SELECT * FROM (", kDeep) + "SELECT 1" + repeat(")", kDeep),
        "SELECT " + repeat("abs(", kDeep) + "1" + repeat(")", kDeep),
        "SELECT " + repeat("[", kDeep) + repeat("]", kDeep), "SELECT 1 FROM range(1)" + repeat(", range(1)", 900)}) {
    EXPECT_FALSE(Run(sql).empty()) << sql.substr(0, 40);
  }
}

}  // namespace
}  // namespace eider
