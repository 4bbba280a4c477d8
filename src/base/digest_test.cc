#include "base/digest.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(DigestTest, Sha256OfFips180) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 sha;
  sha.Update(std::string_view("a"));
  sha.Update(std::string_view("bc"));
  EXPECT_EQ(Base64(sha.Finish()), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

TEST(DigestTest, Base64RoundTripsAndIsStrict) {
  for (const std::string text : {"", "a", "ab", "abc", "\xFF\xFE\xFD\xFC"}) EXPECT_EQ(Base64Decode(Base64(text)), text);
  for (const char* wrong : {"a", "YQ", "YQ=", "Y===", "=YQ=", "YQ= ", "Y Q=", "Y-_=", "YQ==\n"}) {
    EXPECT_EQ(Base64Decode(wrong), std::nullopt) << wrong;
  }
}

TEST(DigestTest, Base64UrlRoundTrips) {
  for (const std::string text : {"", "a", "ab", "abc", "\xFF\xFE\xFD\xFC", "{\"k\":[null]}"}) {
    EXPECT_EQ(Base64UrlDecode(Base64Url(text)), text);
  }
  EXPECT_EQ(Base64Url("\xFF\xFE"), "__4");
  EXPECT_EQ(Base64UrlDecode("a"), "");
  EXPECT_EQ(Base64UrlDecode("!!!!"), "");
}

}  // namespace
}  // namespace eider
