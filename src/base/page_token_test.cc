#include "base/page_token.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace eider {
namespace {

TEST(PageTokenTest, HoldsWhatItWasMadeOf) {
  const PageKeys keys = {"it's \"x\"\n", std::nullopt, "", "\xC3\xA4", std::string("a\0b", 3)};
  const std::string token = MakePageToken("series", keys);
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_EQ(ReadPageToken(token, "series", 5), keys);
}

TEST(PageTokenTest, OthersAreNone) {
  const std::string token = MakePageToken("series", {"a", "b"});
  EXPECT_FALSE(ReadPageToken(token, "other", 2).has_value());
  EXPECT_FALSE(ReadPageToken(token, "series", 1).has_value());
  EXPECT_FALSE(ReadPageToken(token.substr(1), "series", 2).has_value());
  EXPECT_FALSE(ReadPageToken(token.substr(0, token.size() - 2), "series", 2).has_value());
  for (const char* text : {"", "[]", "{}", "[\"series\",1,2]", "[\"series\",\"a\"]", "[1,\"a\",\"b\"]", "no JSON"}) {
    EXPECT_FALSE(ReadPageToken(Base64Url(text), "series", 2).has_value()) << text;
    EXPECT_FALSE(ReadPageToken(text, "series", 2).has_value()) << text;
  }
}

}  // namespace
}  // namespace eider
