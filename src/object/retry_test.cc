#include "object/retry.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Failure kBusy = {{ErrorKind::kUnavailable, "busy", {}}, true, false, {}};

TEST(RetryDelayTest, DoublesAndIsSpread) {
  const RetryPolicy policy;
  EXPECT_EQ(RetryDelay(policy, 1, kBusy, 0.5), milliseconds(50));
  EXPECT_EQ(RetryDelay(policy, 2, kBusy, 0.5), milliseconds(100));
  EXPECT_EQ(RetryDelay(policy, 5, kBusy, 0.5), milliseconds(800));
  EXPECT_EQ(RetryDelay(policy, 1, kBusy, 0.0), milliseconds(0));
}

TEST(RetryDelayTest, HasALongest) {
  RetryPolicy policy;
  policy.attempts = 100;
  EXPECT_EQ(RetryDelay(policy, 60, kBusy, 0.5), milliseconds(2500));
}

TEST(RetryDelayTest, GivesUp) {
  const RetryPolicy policy;
  EXPECT_EQ(RetryDelay(policy, 6, kBusy, 0.5), std::nullopt);
  Failure final = kBusy;
  final.retryable = false;
  EXPECT_EQ(RetryDelay(policy, 1, final, 0.5), std::nullopt);
}

TEST(RetryDelayTest, HeedsTheServersWishWithinReason) {
  const RetryPolicy policy;
  Failure wish = kBusy;
  wish.retry_after = seconds(3);
  EXPECT_EQ(RetryDelay(policy, 1, wish, 0.5), seconds(3));
  wish.retry_after = seconds(300);
  EXPECT_EQ(RetryDelay(policy, 1, wish, 0.5), std::nullopt);
  wish.retry_after = seconds(0);
  EXPECT_EQ(RetryDelay(policy, 1, wish, 0.5), milliseconds(50));
}

TEST(RetryBudgetTest, RunsDryAndFillsWithTime) {
  RetryBudget budget;
  const SteadyTime start{seconds(1000)};
  int taken = 0;
  while (budget.Take(start)) ++taken;
  EXPECT_EQ(taken, 1000);
  EXPECT_FALSE(budget.Take(start + milliseconds(5)));
  EXPECT_TRUE(budget.Take(start + milliseconds(20)));
  taken = 0;
  while (budget.Take(start + seconds(3600))) ++taken;
  EXPECT_EQ(taken, 1000);
}

}  // namespace
}  // namespace eider
