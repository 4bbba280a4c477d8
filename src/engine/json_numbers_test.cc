#include "engine/json_numbers.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(JsonNumbersTest, QuotesWhatJsonHasNot) {
  std::string out;
  EXPECT_TRUE(QuoteNonFinite(R"({"a":NaN,"b":[1,-Infinity,Infinity],"c":-1})", out));
  EXPECT_EQ(out, R"({"a":"NaN","b":[1,"-Infinity","Infinity"],"c":-1})");
}

TEST(JsonNumbersTest, LeavesTextsAlone) {
  std::string out;
  EXPECT_FALSE(QuoteNonFinite(R"({"a":"NaN","b":"x\":NaN,Infinity"})", out));
  EXPECT_FALSE(QuoteNonFinite(R"({"NaN":1,"b\\":"Infinity"})", out));
  EXPECT_TRUE(QuoteNonFinite(R"({"NaN":NaN,"b\\":Infinity})", out));
  EXPECT_EQ(out, R"({"NaN":"NaN","b\\":"Infinity"})");
  EXPECT_FALSE(QuoteNonFinite("", out));
}

}  // namespace
}  // namespace eider
