#include "object/s3_error.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

const S3Asked kAsked = {"s3://lake/p", "lake", "a.csv", "eu-west-1", "s3.test:443", false};

HttpReply Reply(int status, const std::string& code, const std::string& more = {}, const HttpHeaders& headers = {}) {
  return {{status, headers}, code.empty() ? "" : "<Error><Code>" + code + "</Code>" + more + "</Error>"};
}

struct Case {
  int status;
  const char* code;
  ErrorKind kind;
  bool retryable;
  const char* part;  // of the message
};

TEST(S3ErrorTest, SaysWhatEachRefusalMeans) {
  const Case cases[] = {
      {404, "NoSuchBucket", ErrorKind::kNotFound, false, "The bucket 'lake' does not exist at s3.test:443"},
      {404, "NoSuchKey", ErrorKind::kNotFound, false, "'a.csv' does not exist in s3://lake/p"},
      {403, "AccessDenied", ErrorKind::kDenied, false, "s3:GetObject"},
      {403, "InvalidAccessKeyId", ErrorKind::kDenied, false, "AWS_ACCESS_KEY_ID"},
      {403, "SignatureDoesNotMatch", ErrorKind::kDenied, false, "AWS_SECRET_ACCESS_KEY"},
      {400, "ExpiredToken", ErrorKind::kDenied, false, "has expired"},
      {403, "InvalidToken", ErrorKind::kDenied, false, "AWS_SESSION_TOKEN"},
      {301, "PermanentRedirect", ErrorKind::kDenied, false, "Set the region it is in"},
      {403, "RequestTimeTooSkewed", ErrorKind::kDenied, false, "Set the clock"},
      {503, "SlowDown", ErrorKind::kUnavailable, true, "SlowDown"},
      {500, "InternalError", ErrorKind::kUnavailable, true, "Try again"},
      {400, "RequestTimeout", ErrorKind::kUnavailable, true, "Try again"},
      {412, "PreconditionFailed", ErrorKind::kConflict, false, "changed by someone else"},
      {409, "ConditionalRequestConflict", ErrorKind::kConflict, false, "changed by someone else"},
      {416, "InvalidRange", ErrorKind::kInvalid, false, "begins after its end"},
      {403, "InvalidObjectState", ErrorKind::kUnsupported, false, "Restore it"},
      {501, "NotImplemented", ErrorKind::kUnsupported, false, "NotImplemented"},
      {400, "KeyTooLongError", ErrorKind::kInvalid, false, "KeyTooLongError"},
      {404, "", ErrorKind::kNotFound, false, "'a.csv'"},
      {403, "", ErrorKind::kDenied, false, "'a.csv'"},
      {429, "", ErrorKind::kUnavailable, true, "HTTP 429"},
      {502, "", ErrorKind::kUnavailable, true, "HTTP 502"},
      {304, "", ErrorKind::kConflict, false, "has not changed"},
      {418, "", ErrorKind::kInvalid, false, "HTTP 418"},
  };
  for (const Case& one : cases) {
    const Failure failure = S3Failure(Reply(one.status, one.code), kAsked);
    EXPECT_EQ(failure.error.kind, one.kind) << one.status << one.code;
    EXPECT_EQ(failure.retryable, one.retryable) << one.status << one.code;
    EXPECT_NE(failure.error.message.find(one.part), std::string::npos) << failure.error.message;
  }
}

TEST(S3ErrorTest, NamesTheRightRegion) {
  for (const HttpReply& reply : {Reply(400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>"),
                                 Reply(301, "", "", {{"X-Amz-Bucket-Region", "us-west-2"}})}) {
    const Failure failure = S3Failure(reply, kAsked);
    EXPECT_EQ(failure.error.kind, ErrorKind::kDenied);
    EXPECT_EQ(failure.error.parameter, "region");
    EXPECT_EQ(failure.error.message,
              "The bucket 'lake' is in the region us-west-2, not in eu-west-1. Set the region to us-west-2.");
  }
}

TEST(S3ErrorTest, WithoutAKeyItIsAboutTheBucket) {
  S3Asked bucket = kAsked;
  bucket.key.clear();
  EXPECT_NE(S3Failure(Reply(404, ""), bucket).error.message.find("The bucket 'lake'"), std::string::npos);
  EXPECT_NE(S3Failure(Reply(403, "AccessDenied"), bucket).error.message.find("the bucket 'lake'"), std::string::npos);
}

TEST(S3ErrorTest, NeverRepeatsWhatTheServerQuotes) {
  const Failure failure = S3Failure(Reply(403, "SignatureDoesNotMatch",
                                          "<AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId>"
                                          "<StringToSign>AWS4-HMAC-SHA256 x</StringToSign>"),
                                    kAsked);
  EXPECT_EQ(failure.error.message.find("AKIDEXAMPLE"), std::string::npos);
  EXPECT_EQ(failure.error.message.find("HMAC"), std::string::npos);
}

TEST(S3ErrorTest, TellsHowLongToWait) {
  using std::chrono::milliseconds;
  EXPECT_EQ(S3Failure(Reply(503, "SlowDown", "", {{"Retry-After", "2"}}), kAsked).retry_after, milliseconds(2000));
  EXPECT_EQ(RetryAfter({503, {{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}}}), std::nullopt);
}

}  // namespace
}  // namespace eider
