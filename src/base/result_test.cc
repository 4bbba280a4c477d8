#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace eider {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Invalid("odd", "number");
  return number / 2;
}

TEST(ResultTest, HoldsAValueOrAnError) {
  EXPECT_EQ(Half(8).value(), 4);
  const auto odd = Half(7);
  ASSERT_FALSE(odd.ok());
  EXPECT_EQ(odd.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(odd.error().parameter, "number");
}

TEST(ResultTest, GivesAwayWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> held(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = *std::move(held);
  EXPECT_EQ(*taken, 3);
}

TEST(ResultTest, StatusIsOkUntilItHasAnError) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status(NotFound("x")).error().message, "x");
}

}  // namespace
}  // namespace eider
