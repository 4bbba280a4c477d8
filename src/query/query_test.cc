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

TEST_F(QueryTest, TheLimitBoundsTheRows) {
  PutParquet("a.parquet", "SELECT range AS id FROM range(10)");
  EXPECT_EQ(Rows("SELECT id FROM a ORDER BY id -- all of it", 2), "id\r\n0\r\n1\r\n");
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
