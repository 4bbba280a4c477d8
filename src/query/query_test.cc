#include "query/query.h"

#include "catalog/test_lake.h"

namespace eider {
namespace {

class QueryTest : public TestLake {
 protected:
  std::string Rows(const std::string& sql, std::optional<std::uint64_t> limit = std::nullopt) {
    QueryRequest request;
    request.sql = sql;
    request.limit = limit;
    const auto statement = MakeQuery(request, catalog(), database());
    if (!statement) return "error: " + statement.error().message;
    TextSink sink;
    const auto run = database().Run(statement->statement, sink, {});
    return run ? sink.text : "error: " + run.error().message;
  }
};

TEST_F(QueryTest, ADatasetIsATable) {
  PutParquet("flights/2001.parquet", "SELECT 1 AS id, 'JFK' AS origin");
  PutParquet("flights/2002.parquet", "SELECT 2 AS id, 'LAX' AS origin");
  EXPECT_EQ(Rows("SELECT id FROM flights ORDER BY id"), "id\r\n1\r\n2\r\n");
  EXPECT_EQ(Rows("SELECT count(*) AS n FROM flights a JOIN flights b USING (id);"), "n\r\n2\r\n");
  EXPECT_EQ(Rows("SELECT (SELECT max(id) FROM flights) AS top"), "top\r\n2\r\n");
}

TEST_F(QueryTest, AGlobIsATable) {
  PutParquet("flights/2001.parquet", "SELECT 1 AS id");
  PutParquet("flights/2002.parquet", "SELECT 2 AS id");
  EXPECT_EQ(Rows("SELECT id FROM lake('flights/2002*.parquet')"), "id\r\n2\r\n");
  EXPECT_EQ(Rows("SELECT sum(id) AS s FROM 'flights/*.parquet'"), "s\r\n3\r\n");
}

TEST_F(QueryTest, SeveralDatasetsAreReadTogether) {
  PutParquet("a.parquet", "SELECT 1 AS id, 'x' AS name");
  PutParquet("b.parquet", "SELECT 1 AS id, 5 AS amount");
  EXPECT_EQ(Rows("SELECT name, amount FROM a JOIN b USING (id)"), "name,amount\r\nx,5\r\n");
}

TEST_F(QueryTest, AnExpressionOfTheQueryHidesADataset) {
  PutParquet("a.parquet", "SELECT 1 AS id");
  EXPECT_EQ(Rows("WITH a AS (SELECT 7 AS id) SELECT id FROM a"), "id\r\n7\r\n");
  EXPECT_EQ(Rows("WITH c AS (SELECT id + 1 AS id FROM a) SELECT id FROM c"), "id\r\n2\r\n");
  EXPECT_EQ(Rows("WITH b AS (SELECT 8 AS id) SELECT id FROM (SELECT * FROM b)"), "id\r\n8\r\n");
}

TEST_F(QueryTest, ATableOfTheLakeIsHiddenByNothing) {
  PutParquet("a.parquet", "SELECT 1 AS id");
  EXPECT_EQ(Rows("WITH a AS (SELECT id + 1 AS id FROM lake.a) SELECT a.id, (SELECT max(id) FROM LAKE.a) AS b FROM a"),
            "id,b\r\n2,1\r\n");
  EXPECT_EQ(Rows("SELECT a.id, x.id AS other FROM lake.a JOIN lake.\"a\" x USING (id)"), "id,other\r\n1,1\r\n");
  EXPECT_EQ(Rows("SELECT id FROM lake.\"a.parquet\""), "id\r\n1\r\n");
  EXPECT_PRED2(Holds, Rows("SELECT *\nFROM lake.aa"), "line 2, column 6: no dataset 'aa'");
}

TEST_F(QueryTest, TheLimitBoundsTheRows) {
  PutParquet("a.parquet", "SELECT range AS id FROM range(10)");
  EXPECT_EQ(Rows("SELECT id FROM a ORDER BY id -- all of it", 2), "id\r\n0\r\n1\r\n");
}

TEST_F(QueryTest, AGlobNeedsNoConfiguration) {
  Put("eider.yaml", "lake: {titel: x}");
  PutParquet("a/1.parquet", "SELECT 1 AS id");
  CatalogOptions options;
  options.config_when_needed = true;
  Open(options);
  store_.ForgetRequests();
  EXPECT_EQ(Rows("SELECT id FROM lake('a/*.parquet')"), "id\r\n1\r\n");
  EXPECT_EQ(store_.Count(StoreOperation::kList), 1);
  EXPECT_PRED2(Holds, Rows("SELECT id FROM a"), "titel");
  EXPECT_PRED2(Holds, catalog().Configure().error().message, "titel");
  Put("eider.yaml", "lake: {title: x}");
  EXPECT_EQ(Rows("SELECT id FROM a"), "id\r\n1\r\n");
  EXPECT_EQ(catalog().lake().title, "x");
}

TEST_F(QueryTest, AConfigurationThatIsGivenIsCheckedAtOnce) {
  CatalogOptions options;
  options.config_when_needed = true;
  options.config_yaml = "lake: {titel: x}";
  EXPECT_FALSE(Catalog::Open(store_, database(), options).ok());
}

TEST_F(QueryTest, ASmallObjectIsReadByOneRequest) {
  PutParquet("a.parquet", "SELECT range AS id FROM range(1000)");
  CatalogOptions options;
  options.config_when_needed = true;
  Open(options);
  store_.ForgetRequests();
  EXPECT_EQ(Rows("SELECT sum(id) AS s FROM lake('a.parquet')"), "s\r\n499500\r\n");
  EXPECT_EQ(store_.requests().size(), 1);
}

TEST_F(QueryTest, ABigObjectIsReadByItsFooterAndItsData) {
  // Two columns of 800 KB that do not compress, of which one is wanted.
  PutParquet("a.parquet", "SELECT hash(range) AS a, hash(range + 1000000) AS b FROM range(100000)");
  CatalogOptions options;
  options.config_when_needed = true;
  Open(options);
  store_.ForgetRequests();
  EXPECT_EQ(Rows("SELECT count(a) AS n FROM lake('a.parquet') WHERE a > 0"), "n\r\n99999\r\n");  // hash(0) is 0
  EXPECT_EQ(store_.requests().size(), 2);
}

TEST_F(QueryTest, AnUnknownNameSaysTheNearest) {
  PutParquet("flights.parquet", "SELECT 1 AS id");
  EXPECT_PRED2(Holds, Rows("SELECT * FROM fligths"), "flights");
  EXPECT_PRED2(Holds, Rows("SELECT * FROM lake('none/*.parquet')"), "none/*.parquet");
  EXPECT_PRED2(Holds, Rows("SELECT * FROM lake(1)"), "lake() wants one text");
}

TEST_F(QueryTest, OnlyOneSelect) {
  EXPECT_PRED2(Holds, Rows("DROP TABLE x"), "one SELECT");
  EXPECT_PRED2(Holds, Rows("SELECT 1; SELECT 2"), "one SELECT");
}

}  // namespace
}  // namespace eider
