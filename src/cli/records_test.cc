#include "cli/records.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(RecordsTest, AMembersTextIsAsItStands) {
  const std::string text =
      R"( {"a\"b": "}", "c":{"data": 1}, "data" : {"records": [ {"n": 170141183460469231731687303715884105727} ] } , "z": [1,2]})";
  EXPECT_EQ(MemberText(text, "c"), R"({"data": 1})");
  EXPECT_EQ(MemberText(text, "z"), "[1,2]");
  const auto data = MemberText(text, "data");
  ASSERT_TRUE(data.has_value());
  EXPECT_EQ(MemberText(*data, "records"), R"([ {"n": 170141183460469231731687303715884105727} ])");
  EXPECT_EQ(MemberText(text, "n"), std::nullopt);
  EXPECT_EQ(MemberText("{}", "a"), std::nullopt);
  EXPECT_EQ(MemberText("[1]", "a"), std::nullopt);
  EXPECT_EQ(MemberText("{\"a\":", "a"), std::nullopt);
  EXPECT_EQ(MemberText("{\"a\":1}", "a"), "1");
}

TEST(RecordsTest, ATableOfRows) {
  const auto table = TableOf(R"([{"a":1,"b":null},{"a":2,"b":"x"}])");
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->columns.size(), 2u);
  EXPECT_EQ(table->rows[0][1], std::nullopt);
  EXPECT_EQ(table->rows[1][0], "2");
  EXPECT_FALSE(TableOf("{}").ok());
  EXPECT_FALSE(TableOf(R"([{"a":1},{}])").ok());
}

}  // namespace
}  // namespace eider
