#include "api/query_request.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

std::string Complaint(std::string_view body, std::string_view accept = {}) {
  const auto order = ParseQueryOrder(body, accept);
  return order ? "none" : order.error().message;
}

TEST(QueryRequestTest, ReadsAllMembers) {
  const auto order = ParseQueryOrder(
      R"({"sql":"SELECT $1","params":[1,18446744073709551615,0.1,"x",true,null],"limit":5,"format":"csv","dry_run":true})",
      "application/x-ndjson");
  ASSERT_TRUE(order.ok()) << order.error().message;
  EXPECT_EQ(order->query.sql, "SELECT $1");
  EXPECT_EQ(order->query.format, Format::kCsv);
  EXPECT_EQ(order->query.limit, 5u);
  EXPECT_TRUE(order->query.confined);
  EXPECT_TRUE(order->dry_run);
  std::string values;
  for (const BoundValue& value : order->query.values) values += value.type + " " + value.text + ";";
  EXPECT_EQ(values, "BIGINT 1;UBIGINT 18446744073709551615;DOUBLE 0.1;VARCHAR x;BOOLEAN true;VARCHAR ;");
  EXPECT_TRUE(order->query.values.back().is_null);
}

TEST(QueryRequestTest, AcceptChoosesWhereTheBodyDoesNot) {
  const auto format = [](std::string_view accept) { return ParseQueryOrder(R"({"sql":"x"})", accept)->query.format; };
  EXPECT_EQ(format(""), Format::kJson);
  EXPECT_EQ(format("*/*"), Format::kJson);
  EXPECT_EQ(format("application/json"), Format::kJson);
  EXPECT_EQ(format("text/csv"), Format::kCsv);
  EXPECT_EQ(format("application/vnd.apache.arrow.stream"), Format::kArrow);
  EXPECT_FALSE(ParseQueryOrder(R"({"sql":"x"})", "application/geo+json").ok());
}

TEST(QueryRequestTest, SaysWhatIsWrong) {
  EXPECT_NE(Complaint("SELECT 1").find("not JSON"), std::string::npos);
  EXPECT_NE(Complaint("[]").find("no object"), std::string::npos);
  EXPECT_NE(Complaint("{}").find("no 'sql'"), std::string::npos);
  EXPECT_NE(Complaint(R"({"sql":1})").find("'sql' is a text"), std::string::npos);
  EXPECT_NE(Complaint(R"({"sql":"x","parms":[]})").find("'params'"), std::string::npos);
  EXPECT_NE(Complaint(R"({"sql":"x","params":[[1]]})").find("a text, a number"), std::string::npos);
  EXPECT_NE(Complaint(R"({"sql":"x","limit":-1})").find("not -1"), std::string::npos);
  EXPECT_NE(Complaint(R"({"sql":"x","limit":1.5})").find("not 1.5"), std::string::npos);
  EXPECT_NE(Complaint(R"({"sql":"x","format":"cvs"})").find("'csv'"), std::string::npos);
  EXPECT_NE(Complaint(R"({"sql":"x","format":"geojson"})").find("no format"), std::string::npos);
  EXPECT_NE(Complaint(std::string(100'000, '[')).find("not JSON"), std::string::npos);
}

TEST(QueryRequestTest, AnInvocation) {
  EXPECT_FALSE(ParseInvocation("")->has_value());
  EXPECT_FALSE(ParseInvocation("{}")->has_value());
  EXPECT_FALSE(ParseInvocation(R"({"q":null})")->has_value());
  const auto query = ParseInvocation(R"({"q":"SELECT $a","params":{"a":1},"other":1})");
  EXPECT_EQ((*query)->limit, 20u);
  EXPECT_EQ((*query)->values.at(0).name, "a");
  EXPECT_EQ((*ParseInvocation(R"({"q":"x","limit":3})"))->limit, 3u);
  EXPECT_EQ(ParseInvocation(R"({"q":1})").error().parameter, "q");
}

}  // namespace
}  // namespace eider
