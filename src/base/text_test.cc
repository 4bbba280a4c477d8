#include "base/text.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(TextTest, NearestFindsASlipAndNothingFar) {
  EXPECT_EQ(Nearest("orgin", {"origin", "date"}), "origin");
  EXPECT_EQ(Nearest("DELAY", {"delay"}), "delay");
  EXPECT_EQ(Nearest("brids", {"birds", "bids!"}), "birds");
  EXPECT_EQ(Nearest("xyz", {"origin", "date"}), std::nullopt);
  EXPECT_EQ(DidYouMean("orgin", {"origin"}), " Did you mean 'origin'?");
}

TEST(TextTest, PercentCoding) {
  EXPECT_EQ(PercentDecode("a%20b+c", true), "a b c");
  EXPECT_EQ(PercentDecode("a+b", false), "a+b");
  EXPECT_EQ(PercentDecode("%2", true), std::nullopt);
  EXPECT_EQ(PercentDecode("%zz", true), std::nullopt);
  EXPECT_EQ(PercentEncode("year=2001/é b", true), "year%3D2001/%C3%A9%20b");
  EXPECT_EQ(PercentEncode("a/b", false), "a%2Fb");
}

TEST(TextTest, ParsesWholeNumbersOnly) {
  EXPECT_EQ(ParseUint("18446744073709551615"), 18446744073709551615ULL);
  EXPECT_EQ(ParseUint("18446744073709551616"), std::nullopt);
  EXPECT_EQ(ParseUint(""), std::nullopt);
  EXPECT_EQ(ParseUint("1x"), std::nullopt);
  EXPECT_EQ(ParseUint("-1"), std::nullopt);
}

TEST(TextTest, Utf8) {
  EXPECT_TRUE(IsCleanUtf8("naïve 漢字 🦆"));
  EXPECT_FALSE(IsCleanUtf8("\xC0\x80"));
  EXPECT_FALSE(IsCleanUtf8("\xED\xA0\x80"));
  EXPECT_FALSE(IsCleanUtf8(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsCleanUtf8("\xF4\x90\x80\x80"));
}

TEST(TextTest, ByteCounts) {
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(ParseByteCount("512MiB"), 536870912u);
  EXPECT_EQ(ParseByteCount("1.5 GB"), 1500000000u);
  EXPECT_EQ(ParseByteCount("4096"), 4096u);
  EXPECT_EQ(ParseByteCount("lots"), std::nullopt);
  EXPECT_EQ(ParseByteCount("5 parsecs"), std::nullopt);
}

TEST(TextTest, ParsesDurations) {
  EXPECT_EQ(ParseDuration("0s"), std::chrono::seconds(0));
  EXPECT_EQ(ParseDuration("24h"), std::chrono::hours(24));
  EXPECT_EQ(ParseDuration("2d"), std::chrono::hours(48));
  for (const char* text : {"", "h", "24", "-1h", "1.5h", "9999999d"}) EXPECT_EQ(ParseDuration(text), std::nullopt);
}

TEST(TextTest, SplitsAndJoins) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(Join({"a", "b"}, ", "), "a, b");
}

}  // namespace
}  // namespace eider
