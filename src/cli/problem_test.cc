#include "cli/problem.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(ProblemTest, TheDetailIsTold) {
  const Error error = ProblemError(400, R"({"title":"Bad Request","detail":"line 1: \"x\" is \u00fc"})");
  EXPECT_EQ(error.message, "line 1: \"x\" is ü");
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
}

TEST(ProblemTest, WithoutADetailWhateverThereIs) {
  EXPECT_EQ(ProblemError(503, R"({"title":"Service Unavailable"})").message, "Service Unavailable");
  EXPECT_EQ(ProblemError(502, "Bad gateway").message, "Bad gateway");
  EXPECT_EQ(ProblemError(502, "\n<html>Bad gateway</html>").message,
            "the server answered with status 502 and a web page; is this the address of Eider?");
  EXPECT_EQ(ProblemError(502, "[1]").message, "[1]");
  EXPECT_EQ(ProblemError(500, "").message, "the server answered with status 500");
}

TEST(ProblemTest, TheStatusSaysWhatMayBeDone) {
  EXPECT_EQ(ProblemError(401, "").kind, ErrorKind::kDenied);
  EXPECT_EQ(ProblemError(404, "").kind, ErrorKind::kNotFound);
  EXPECT_EQ(ProblemError(413, "").kind, ErrorKind::kExhausted);
  EXPECT_EQ(ProblemError(504, "").kind, ErrorKind::kTimeout);
  EXPECT_EQ(ProblemError(503, "").kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace eider
