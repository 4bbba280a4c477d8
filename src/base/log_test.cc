#include "base/log.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(LogTest, ALineIsOneJsonObject) {
  EXPECT_EQ(LogLine("T", LogLevel::kInfo, "request",
                    {{"path", std::string_view("/a")}, {"rows", std::int64_t{3}}, {"ms", 1.5}, {"hit", true}}),
            R"({"time":"T","level":"info","event":"request","path":"/a","rows":3,"ms":1.500,"hit":true})");
}

TEST(LogTest, QuotesWhatWouldBreakALine) {
  EXPECT_EQ(JsonQuote("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(JsonQuote("é"), "\"é\"");
  EXPECT_EQ(JsonQuote("a\xFF\xC3z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

}  // namespace
}  // namespace eider
