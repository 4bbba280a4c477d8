#include "lambda/http_answer.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

Response Csv() {
  Response response;
  response.Set("Content-Type", "text/csv");
  response.Set("Content-Length", "3");
  response.headers.push_back({"Vary", "Accept"});
  response.headers.push_back({"vary", "Origin"});
  return response;
}

TEST(HttpAnswerTest, ThePreludeOfAStream) {
  EXPECT_EQ(Prelude(Csv(), false),
            R"({"statusCode":200,"headers":{"content-type":"text/csv","vary":"Accept, Origin"},"cookies":[]})");
  EXPECT_NE(Prelude(Csv(), true).find(R"(,"content-length":"0"})"), std::string::npos);
  EXPECT_EQ(kPreludeEnd, std::string(8, '\0'));
}

TEST(HttpAnswerTest, TextGoesAsTextAndTheRestAsBase64) {
  EXPECT_EQ(Envelope(Csv(), "a\n\"b\"", HttpDoor::kHttpApi, false),
            R"({"statusCode":200,"headers":{"content-type":"text/csv","vary":"Accept, Origin"},)"
            R"("isBase64Encoded":false,"body":"a\n\"b\""})");
  const std::string binary = Envelope(Csv(), std::string_view("\xFF\0", 2), HttpDoor::kRestApi, true);
  EXPECT_NE(binary.find(R"("isBase64Encoded":true,"body":"/wA="})"), std::string::npos) << binary;
  Response coded = Csv();
  coded.Set("Content-Encoding", "zstd");
  EXPECT_NE(Envelope(coded, "a", HttpDoor::kHttpApi, false).find(R"(true,"body":"YQ==")"), std::string::npos);
}

TEST(HttpAnswerTest, ALoadBalancerWantsTheReasonToo) {
  EXPECT_EQ(Envelope(Csv(), "a", HttpDoor::kLoadBalancer, false),
            R"({"statusCode":200,"statusDescription":"200 OK","headers":{"content-type":"text/csv",)"
            R"("vary":"Accept, Origin"},"isBase64Encoded":false,"body":"a"})");
  EXPECT_NE(Envelope(Csv(), "a", HttpDoor::kLoadBalancer, true)
                .find(R"("multiValueHeaders":{"content-type":["text/csv"],"vary":["Accept","Origin"]})"),
            std::string::npos);
  EXPECT_LT(EnvelopeBytes(HttpDoor::kLoadBalancer), EnvelopeBytes(HttpDoor::kFunctionUrl));
}

TEST(HttpAnswerTest, WhatHasNoBody) {
  EXPECT_TRUE(HasBody(200, "GET"));
  EXPECT_FALSE(HasBody(200, "HEAD"));
  EXPECT_FALSE(HasBody(304, "GET"));
  EXPECT_FALSE(HasBody(204, "DELETE"));
}

}  // namespace
}  // namespace eider
