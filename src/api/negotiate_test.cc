#include "api/negotiate.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(NegotiateTest, CodingsByWeight) {
  EXPECT_EQ(ChooseCoding(""), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("gzip"), Coding::kGzip);
  EXPECT_EQ(ChooseCoding("gzip, deflate, br, zstd"), Coding::kZstd);
  EXPECT_EQ(ChooseCoding("gzip;q=1.0, br;q=0.5"), Coding::kGzip);
  EXPECT_EQ(ChooseCoding("gzip;q=0"), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("*"), Coding::kZstd);
  EXPECT_EQ(ChooseCoding("zstd;q=0, *;q=0.5"), Coding::kBrotli);
  EXPECT_EQ(ChooseCoding("identity;q=1, gzip;q=0.5"), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("zstd, gzip;q=0.5", std::array{Coding::kIdentity, Coding::kGzip}), Coding::kGzip);
  EXPECT_EQ(ChooseCoding("zstd", std::array{Coding::kIdentity, Coding::kGzip}), Coding::kIdentity);
}

TEST(NegotiateTest, OneRange) {
  const auto resolve = [](const char* header, std::uint64_t size) { return Resolve(*ParseRange(header), size); };
  using Span = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(resolve("bytes=0-99", 1000), (Span{0, 100}));
  EXPECT_EQ(resolve("bytes=900-", 1000), (Span{900, 1000}));
  EXPECT_EQ(resolve("bytes=-5", 1000), (Span{995, 1000}));
  EXPECT_EQ(resolve("bytes=-5000", 1000), (Span{0, 1000}));
  EXPECT_EQ(resolve("bytes=990-5000", 1000), (Span{990, 1000}));
  EXPECT_EQ(resolve("bytes=1000-", 1000), std::nullopt);
  EXPECT_EQ(resolve("bytes=-0", 1000), std::nullopt);
  EXPECT_EQ(resolve("bytes=-5", 0), std::nullopt);
}

TEST(NegotiateTest, OtherRangesAreIgnored) {
  for (const char* header : {"", "bytes=", "bytes=-", "bytes=5-1", "bytes=0-1,5-6", "rows=0-1", "bytes=a-b",
                             "bytes=18446744073709551616-"}) {
    EXPECT_EQ(ParseRange(header).has_value(), false) << header;
  }
}

TEST(NegotiateTest, Validators) {
  EXPECT_TRUE(MatchesAny("\"a\"", "\"a\""));
  EXPECT_TRUE(MatchesAny("\"b\", W/\"a\"", "\"a\""));
  EXPECT_TRUE(MatchesAny("*", "\"a\""));
  EXPECT_FALSE(MatchesAny("", "\"a\""));
  EXPECT_FALSE(MatchesAny("\"b\"", "\"a\""));
}

TEST(NegotiateTest, Tokens) {
  EXPECT_TRUE(HasToken("deflate, Trailers;q=1", "trailers"));
  EXPECT_FALSE(HasToken("trailersx", "trailers"));
}

}  // namespace
}  // namespace eider
