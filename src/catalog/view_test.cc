#include "catalog/view.h"

#include <fmt/format.h>

#include "catalog/config.h"
#include "catalog/test_lake.h"

namespace eider {
namespace {

class ViewTest : public TestLake {
 protected:
  static std::string Wrong(const std::string& yaml) {
    const auto config = ParseConfig(yaml, "eider.yaml", database());
    return config ? "" : config.error().message;
  }
};

TEST_F(ViewTest, AViewIsADataset) {
  PutParquet("flights/a.parquet", "SELECT * FROM (VALUES ('JFK', 5), ('JFK', 7), ('LAX', 1)) t(origin, delay)");
  OpenWith(
      "views:\n  late: SELECT origin, max(delay) AS worst FROM flights GROUP BY origin\n"
      "  later: SELECT * FROM late WHERE worst > 2\n"
      "  by_path: SELECT count(*) AS n FROM lake('flights/*.parquet'), read_parquet('flights/a.parquet')\n"
      "  own: WITH late AS (SELECT 1 AS one) SELECT * FROM late\n"
      "  import: WITH late AS (SELECT * FROM lake.late) SELECT late.origin FROM late ORDER BY 1\n"
      "  nothing: SELECT 1 AS a, 'x' AS b\n"
      "datasets: {late: {title: Late, columns: [worst, origin]}}\n");
  EXPECT_EQ(Names(), "by_path flights import late later nothing own");
  EXPECT_EQ(Columns("late"), "worst INTEGER, origin VARCHAR");
  EXPECT_EQ(Find("late")->config.title, "Late");
  EXPECT_EQ(Rows("later"), "7|JFK");
  EXPECT_EQ(Rows("by_path"), "9");
  EXPECT_EQ(Rows("own"), "1");
  EXPECT_EQ(Rows("import"), "JFK;LAX");
  EXPECT_EQ(Rows("nothing"), "1|x");
  EXPECT_EQ(Find("late")->source, SourceFormat::kView);
  EXPECT_EQ(Find("late")->snapshot->objects().size(), 1u);
}

TEST_F(ViewTest, ItsVersionIsThatOfWhatItReads) {
  PutParquet("a.parquet", "SELECT 1 AS id");
  OpenWith("views: {v: SELECT * FROM a, w: 'SELECT * FROM v', now: 'SELECT now() AS t FROM a'}");
  const std::string version = Find("w")->version;
  EXPECT_EQ(Find("w")->version, version);
  EXPECT_NE(Find("now")->version, Find("now")->version);
  PutParquet("a.parquet", "SELECT 2 AS id");
  EXPECT_NE(Find("w")->version, version);
  EXPECT_EQ(Rows("w"), "2");
}

TEST_F(ViewTest, WithholdsAsWhatItReads) {
  PutParquet("secret.parquet", "SELECT 1 AS id");
  OpenWith(
      "datasets: {secret: {access: key, max_rows: 5}, open: {access: public, max_rows: 9}}\n"
      "views: {v: SELECT * FROM secret, w: SELECT * FROM v, open: SELECT count(*) AS n FROM secret}");
  EXPECT_TRUE(Find("w")->config.needs_key);
  EXPECT_EQ(Find("w")->config.max_rows, 5u);
  EXPECT_FALSE(Find("open")->config.needs_key);
  EXPECT_EQ(Find("open")->config.max_rows, 9u);
}

TEST_F(ViewTest, ReadsWhatIsNotDiscovered) {
  PutParquet("hidden.parquet", "SELECT 1 AS id");
  OpenWith("lake: {discover: false}\nviews: {v: SELECT id + 1 AS id FROM hidden}");
  EXPECT_EQ(Names(), "v");
  EXPECT_EQ(Rows("v"), "2");
  EXPECT_EQ(Failure("hidden").kind, ErrorKind::kNotFound);
}

TEST_F(ViewTest, ErrorsNameTheViewAndThePlace) {
  PutParquet("flights.parquet", "SELECT 1 AS id");
  OpenWith("views: {v: SELECT * FROM fligths, w: SELECT idd FROM flights}");
  EXPECT_PRED2(Holds, Failure("v").message, "view 'v': line 1, column 15: ");
  EXPECT_PRED2(Holds, Failure("v").message, "Did you mean 'flights'?");
  EXPECT_PRED2(Holds, Failure("w").message, "view 'w': line 1, column 8: ");
  OpenWith("views: {v: SELECT * FROM read_csv('/etc/passwd'), w: FROM '../x.csv', x: SELECT * FROM lake(1)}");
  EXPECT_PRED2(Holds, Failure("v").message, "view 'v': '/etc/passwd' is outside the lake");
  EXPECT_PRED2(Holds, Failure("w").message, "view 'w': line 1, column 6: glob '../x.csv'");
  EXPECT_PRED2(Holds, Failure("x").message, "lake() wants one text");
}

TEST_F(ViewTest, TheConfigurationIsRefusedWhereAViewCannotBe) {
  EXPECT_PRED2(Holds, Wrong("views:\n  a b: SELECT 1\n"), "eider.yaml:2:3: 'a b' is no view's name");
  EXPECT_PRED2(Holds, Wrong("views:\n  v: SELEC 1\n"), "eider.yaml:2:6: view 'v': line 1, column 1: ");
  EXPECT_PRED2(Holds, Wrong("views: {v: DROP TABLE x}\n"), "exactly one SELECT");
  EXPECT_PRED2(Holds, Wrong("views: {v: 'SELECT * FROM duckdb_settings()'}\n"), "refused");
  EXPECT_PRED2(Holds, Wrong("views: {v: SELECT 1}\ndatasets: {v: {glob: '*.csv'}}\n"),
               "is a view and has 'glob' as well");
  EXPECT_PRED2(Holds, Wrong("views:\n  b: FROM c\n  a: FROM b\n  c: FROM lake.a\n"),
               "eider.yaml:3:3: the views read each other in a ring: a -> b -> c -> a");
  EXPECT_PRED2(Holds, Wrong("views: {v: FROM v}\n"), "in a ring: v -> v");
}

// Each reads the two before it: 2^n as text.
TEST_F(ViewTest, TooManyViewsWithinOneAreRefused) {
  std::string yaml = "views:\n  v0: SELECT 1 AS a\n  v1: FROM v0\n";
  for (int i = 2; i < 40; ++i) yaml += fmt::format("  v{}: FROM v{} UNION FROM v{}\n", i, i - 1, i - 2);
  EXPECT_PRED2(Holds, Wrong(yaml), "stands for more than 100 views within views");
}

}  // namespace
}  // namespace eider
