#include "cli/params.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(ParamsTest, ANameGoesBeforeTheFirstEqualsSign) {
  const auto values = ParseParams({"origin=JFK", "note=a=b"});
  ASSERT_TRUE(values.ok()) << values.error().message;
  EXPECT_EQ((*values)[0].name, "origin");
  EXPECT_EQ((*values)[0].text, "JFK");
  EXPECT_EQ((*values)[0].type, "VARCHAR");
  EXPECT_EQ((*values)[1].name, "note");
  EXPECT_EQ((*values)[1].text, "a=b");
}

TEST(ParamsTest, WhatIsNoNameBelongsToTheValue) {
  const auto values = ParseParams({"2=3", "x y=1"});
  ASSERT_TRUE(values.ok());
  EXPECT_EQ((*values)[0].name, "");
  EXPECT_EQ((*values)[0].text, "2=3");
  EXPECT_EQ((*values)[1].text, "x y=1");
}

TEST(ParamsTest, AValueHasTheTypeThatJsonGivesIt) {
  const auto values = ParseParams({"5", "-1.5", "true", "null", "\"007\"", "007", "", "{\"a\": 1}"});
  ASSERT_TRUE(values.ok());
  const char* types[] = {"BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR"};
  const char* texts[] = {"5", "-1.5", "true", "null", "007", "007", "", "{\"a\": 1}"};
  for (std::size_t i = 0; i < values->size(); ++i) {
    EXPECT_EQ((*values)[i].type, types[i]) << i;
    EXPECT_EQ((*values)[i].text, texts[i]) << i;
    EXPECT_EQ((*values)[i].is_null, i == 3) << i;
  }
}

TEST(ParamsTest, AMixtureAndANameTwiceAreRefused) {
  EXPECT_EQ(ParseParams({"a=1", "2"}).error().message,
            "either all are NAME=VALUE, for $NAME, or all are VALUE, for $1, $2, ...");
  EXPECT_EQ(ParseParams({"a=1", "a=2"}).error().message, "'a' is given twice");
}

}  // namespace
}  // namespace eider
