#include <cstdlib>
#include <fstream>
#include <sstream>

#include "catalog/test_lake.h"

namespace eider {
namespace {

using JsonTest = TestLake;

TEST_F(JsonTest, ArraysAndLinesKeepNestedTypes) {
  Put("array.json", "[{\"a\":1,\"b\":{\"c\":[1,2]}},{\"a\":2}]");
  Put("lines.ndjson", "{\"a\":1}\n\n{\"a\":-2,\"b\":\"x\"}\n");
  EXPECT_EQ(Columns("array"), "a BIGINT, b STRUCT(c BIGINT[])");
  EXPECT_EQ(Rows("array"), "1|{'c': [1, 2]};2|-");
  EXPECT_EQ(Columns("lines"), "a BIGINT, b VARCHAR");
  EXPECT_EQ(Rows("lines"), "1|-;-2|x");
}

TEST_F(JsonTest, NothingIsLostToTypes) {
  Put("t.json",
      "[{\"mixed\":1,\"big\":12345678901234567890123,\"zip\":\"00501\",\"day\":\"2001-02-28\",\"other\":\"28/02/2001\","
      "\"time\":\"2001-02-28 "
      "10:00:00\",\"zone\":\"2001-02-28T10:00:00+02:00\",\"nano\":\"2001-02-28T10:00:00.123456789\","
      "\"any\":1},"
      "{\"mixed\":\"x\",\"big\":1,\"zip\":\"1\",\"zone\":\"2001-02-28T10:00:00Z\",\"any\":{\"b\":1}},{\"mixed\":true}"
      "]");
  EXPECT_EQ(
      Columns("t"),
      "mixed VARCHAR, big VARCHAR, zip VARCHAR, day DATE, other VARCHAR, time TIMESTAMP, zone TIMESTAMP WITH TIME "
      "ZONE, nano VARCHAR, any JSON");
  EXPECT_EQ(Rows("t", "mixed, big, zip, day, zone, nano, \"any\""),
            "1|12345678901234567890123|00501|2001-02-28|2001-02-28 08:00:00+00|2001-02-28T10:00:00.123456789|1;"
            "x|1|1|-|2001-02-28 10:00:00+00|-|{\"b\":1};true|-|-|-|-|-|-");
}

TEST_F(JsonTest, SignedIntegersAreNoHugeOnes) {
  Put("small.json", "[{\"a\":1,\"b\":[1,-2],\"c\":{\"HUGEINT\":-1,\"d\":2}},{\"a\":-1,\"c\":{\"HUGEINT\":1}}]");
  Put("big.json", "[{\"a\":[-1,18446744073709551615]}]");
  EXPECT_PRED2(Holds, Columns("small"), "a BIGINT, b BIGINT[], c STRUCT(");
  EXPECT_EQ(Rows("small"), "1|[1, -2]|{'HUGEINT': -1, 'd': 2};-1|-|{'HUGEINT': 1, 'd': NULL}");
  EXPECT_EQ(Columns("big"), "a HUGEINT[]");
  EXPECT_EQ(Rows("big"), "[-1, 18446744073709551615]");
}

TEST_F(JsonTest, ObjectsAreUnitedByTheirKeys) {
  Put("t/day=1/a.json", "[{\"a\":1}]");
  Put("t/day=2/b.ndjson", "{\"a\":\"x\",\"b\":1.5}\n");
  Put("t/day=3/c.json", "[]");
  EXPECT_EQ(Columns("t"), "a VARCHAR, b DOUBLE, day BIGINT");
  EXPECT_EQ(Rows("t"), "1|-|1;x|1.5|2");
}

TEST_F(JsonTest, BrokenObjectsAreNamed) {
  Put("cut.json", "[{\"a\":1},{\"a\":");
  Put("line.ndjson", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n");
  Put("zero.ndjson", "");
  Put("scalar.json", "[1,2,3]");
  Put("none.json", "[]");
  Put("capitals.json", "[{\"a\":1,\"A\":2}]");
  Put("suffix.json", "[{\"a\":1,\"A_1\":2}]");
  for (const char* name : {"cut", "line", "zero", "scalar"}) {
    EXPECT_EQ(Failure(name).kind, ErrorKind::kCorrupt) << Failure(name).message;
    EXPECT_FALSE(Holds(Failure(name).message, "lake://")) << Failure(name).message;
  }
  EXPECT_PRED2(Holds, Failure("cut").message, "object 'cut.json' is cut");
  EXPECT_PRED2(Holds, Failure("line").message, "in line 3");
  EXPECT_PRED2(Holds, Failure("zero").message, "'zero.ndjson' is empty (zero bytes)");
  EXPECT_PRED2(Holds, Failure("scalar").message, "object 'scalar.json' holds values that are no records");
  EXPECT_PRED2(Holds, Failure("none").message, "object 'none.json' holds no record, so its columns are not known");
  EXPECT_PRED2(Holds, Failure("capitals").message, "differs in capitals only");
  EXPECT_EQ(Rows("suffix"), "1|2");
}

TEST_F(JsonTest, AnArrayThatIsCutBetweenRecordsIsBroken) {
  for (const char* cut : {"[{\"a\":1},\n", "[{\"a\":1}", "\xEF\xBB\xBF [ {\"a\":1},"}) {
    Put("cut.json", cut);
    EXPECT_EQ(Failure("cut").kind, ErrorKind::kCorrupt) << cut;
    EXPECT_PRED2(Holds, Failure("cut").message, "'cut.json'");
  }
  Put("whole.json", " [{\"a\":1}] \n");
  EXPECT_EQ(Rows("whole"), "1");
}

TEST_F(JsonTest, ConfiguredTypesWin) {
  Put("t.json", "[{\"a\":1,\"b\":\"7\"}]");
  Put("none.json", "[]");
  OpenWith("datasets: {t: {types: {a: VARCHAR, b: INTEGER}}, none: {types: {a: VARCHAR}}}");
  EXPECT_EQ(Columns("t"), "a VARCHAR, b INTEGER");
  EXPECT_EQ(Rows("t"), "1|7");
  EXPECT_EQ(Columns("none"), "a VARCHAR");
  EXPECT_EQ(Rows("none"), "");
}

TEST_F(JsonTest, FeaturesAreRows) {
  Put("points.json",
      "{\"type\":\"FeatureCollection\",\"metadata\":{\"n\":2},\"features\":["
      "{\"type\":\"Feature\",\"id\":\"p1\",\"properties\":{\"name\":\"A\",\"v\":1},"
      "\"geometry\":{\"type\":\"Point\",\"coordinates\":[-1.5,53.8,20]}},"
      "{\"type\":\"Feature\",\"id\":\"p2\",\"properties\":{\"name\":\"B\",\"v\":-2},\"geometry\":null}]}");
  Put("shapes.json",
      "{\"type\":\"FeatureCollection\",\"features\":["
      "{\"type\":\"Feature\",\"properties\":{\"id\":1,\"Geometry\":\"g\"},"
      "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4],[1,2]]]}}]}");
  EXPECT_EQ(Columns("points"), "id VARCHAR, name VARCHAR, v BIGINT, longitude DOUBLE, latitude DOUBLE, geometry JSON");
  EXPECT_EQ(Rows("points"), "p1|A|1|-1.5|53.8|{\"type\":\"Point\",\"coordinates\":[-1.5,53.8,20]};p2|B|-2|-|-|-");
  EXPECT_EQ(Find("points")->lon_lat, (std::pair<std::string, std::string>("longitude", "latitude")));
  EXPECT_EQ(Columns("shapes"), "id BIGINT, Geometry VARCHAR, feature_geometry JSON");
}

TEST_F(JsonTest, ARecordMayBeBig) {
  std::string features;
  for (int i = 0; i < 180'000; ++i) {
    features += (i == 0 ? "" : ",");
    features += "{\"type\":\"Feature\",\"properties\":{\"n\":" + std::to_string(i) +
                "},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}";
  }
  Put("t.json", "{\"type\":\"FeatureCollection\",\"features\":[" + features + "]}");
  EXPECT_EQ(Rows("t", "count(*), sum(n)"), "180000|16199910000");
}

}  // namespace
}  // namespace eider
