#include "api/http.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(HttpTest, HeadersAreFoundWhateverTheirCase) {
  Response response;
  response.Set("Content-Type", "a");
  response.Set("content-type", "b");
  EXPECT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.Find("CONTENT-TYPE"), "b");
  EXPECT_EQ(response.Find("X"), "");
}

TEST(HttpTest, AProblemIsRfc9457) {
  const Response response = Problem(Invalid("no \"x\"", "x"), "id1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.Find("Content-Type"), "application/problem+json");
  EXPECT_EQ(response.text,
            "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"no \\\"x\\\"\","
            "\"parameter\":\"x\",\"request_id\":\"id1\"}\n");
}

TEST(HttpTest, AnOverloadSaysWhenToRetry) {
  const Response response = Problem({ErrorKind::kUnavailable, "full", {}}, "id1");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.Find("Retry-After"), "5");
}

}  // namespace
}  // namespace eider
