#include "api/receipts.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(ReceiptsTest, KeepsTheNewest) {
  Receipts receipts(2);
  receipts.Put("a", {"k", 0, 5, 1, "d"});
  receipts.Put("b", {"k", 0, 6, 2, ""});
  receipts.Put("b", {"k", 0, 6, 2, "digest"});
  EXPECT_EQ(receipts.Find("a")->bytes, 5u);
  receipts.Put("c", {"k", 0, 7, 3, ""});
  EXPECT_FALSE(receipts.Find("a").has_value());
  EXPECT_EQ(receipts.Find("b")->digest_sha256, "digest");
  EXPECT_EQ(receipts.Find("c")->rows, 3u);
}

}  // namespace
}  // namespace eider
