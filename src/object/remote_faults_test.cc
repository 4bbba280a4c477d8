// Stores against a server that lies, breaks off and refuses: no answer of theirs may be short, mixed or wrong.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "object/http_imposter.h"
#include "object/object_store.h"
#include "object/started_reads.h"

namespace eider {
namespace {

using namespace std::string_literals;
using Then = ImposterReply::Then;

const std::string kObject = "0123456789abcdefghij";

ImposterReply Part(std::uint64_t first, std::uint64_t last, const std::string& etag = "\"e1\"") {
  return Answer(206,
                {{"ETag", etag},
                 {"Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/20"},
                 {"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"}},
                kObject.substr(first, last - first + 1));
}

// A reply that promises more than it gives.
ImposterReply Cut(ImposterReply reply, std::size_t missing, Then then = Then::kClose) {
  reply.bytes.resize(reply.bytes.size() - missing);
  reply.then = then;
  return reply;
}

ImposterReply Refusal(int status, const std::string& code, const std::string& more = {}) {
  return Answer(status, {{"Content-Type", "application/xml"}},
                "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>m</Message>" + more + "</Error>");
}

enum class ReadBy { kGet, kStartGet };

class RemoteFaultsTest : public testing::TestWithParam<ReadBy> {
 protected:
  void SetUp() override {
    options_ = S3OptionsOf(imposter_);
    options_.first_byte_timeout = std::chrono::milliseconds(300);
    Open();
  }

  void Open(const std::string& root = "s3://bucket/lake") {
    store_ = *OpenStore(root, options_);
    if (GetParam() == ReadBy::kStartGet) store_ = std::make_unique<StartedReads>(std::move(store_));
  }

  Result<ObjectInfo> Get(ByteRange range = {}, const Call& call = {}, const std::string& if_match = {}) {
    seen_.clear();
    return store_->Get(
        {"a.bin", range, if_match, {}},
        [&](std::span<const char> bytes) {
          seen_.append(bytes.data(), bytes.size());
          return true;
        },
        call);
  }

  static std::string Outcome(const Result<ObjectInfo>& result) {
    return result.ok() ? "ok" : std::string(ErrorKindName(result.error().kind)) + ": " + result.error().message;
  }

  HttpImposter imposter_;
  StoreOptions options_;
  std::unique_ptr<ObjectStore> store_;
  std::string seen_;
};

std::string NameOf(const testing::TestParamInfo<ReadBy>& info) {
  return info.param == ReadBy::kGet ? "Get" : "StartGet";
}
INSTANTIATE_TEST_SUITE_P(S3, RemoteFaultsTest, testing::Values(ReadBy::kGet, ReadBy::kStartGet), NameOf);

TEST_P(RemoteFaultsTest, AGoodReplyTakesOneRequest) {
  imposter_.Next(Part(5, 9));
  const auto got = Get(ByteRange::Span(5, 5));
  ASSERT_EQ(Outcome(got), "ok");
  EXPECT_EQ(seen_, "56789");
  EXPECT_EQ(got->size_bytes, 20u);
  EXPECT_EQ(got->etag, "e1");
  ASSERT_EQ(imposter_.requests().size(), 1u);
  const ImposterRequest request = imposter_.requests()[0];
  EXPECT_EQ(request.target, "/bucket/lake/a.bin");
  EXPECT_EQ(request.Header("Range"), "bytes=5-9");
  EXPECT_TRUE(request.Header("Authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  EXPECT_NE(request.Header("Authorization").find("/eu-west-1/s3/aws4_request"), std::string::npos);
}

TEST_P(RemoteFaultsTest, ASuffixTakesOneRequest) {
  imposter_.Next(Part(12, 19));
  const auto got = Get(ByteRange::Suffix(8));
  ASSERT_EQ(Outcome(got), "ok");
  EXPECT_EQ(seen_, kObject.substr(12));
  EXPECT_EQ(imposter_.requests().size(), 1u);
  EXPECT_EQ(imposter_.requests()[0].Header("Range"), "bytes=-8");
}

TEST_P(RemoteFaultsTest, AShortBodyIsResumedWhereItBroke) {
  imposter_.Next(Cut(Part(5, 14), 4));
  imposter_.Next(Part(11, 14));
  const auto got = Get(ByteRange::Span(5, 10));
  ASSERT_EQ(Outcome(got), "ok");
  EXPECT_EQ(seen_, kObject.substr(5, 10));
  ASSERT_EQ(imposter_.requests().size(), 2u);
  EXPECT_EQ(imposter_.requests()[1].Header("Range"), "bytes=11-14");
  EXPECT_EQ(imposter_.requests()[1].Header("If-Match"), "\"e1\"");
}

TEST_P(RemoteFaultsTest, AResetIsResumedAndTheWholeObjectToo) {
  imposter_.Next(Cut(Answer(200, {{"ETag", "\"e1\""}}, kObject), 13));
  imposter_.Next(Cut(Part(7, 19), 13, Then::kReset));
  imposter_.Next(Part(7, 19));
  ASSERT_EQ(Outcome(Get()), "ok");
  EXPECT_EQ(seen_, kObject);
}

TEST_P(RemoteFaultsTest, ABodyThatIsAlwaysShortIsAnError) {
  imposter_.Otherwise([](const ImposterRequest&) { return Cut(Part(0, 4), 5); });
  const auto got = Get(ByteRange::Span(0, 5));
  EXPECT_EQ(Outcome(got).substr(0, 11), "unavailable");
  EXPECT_EQ(seen_, "");
  EXPECT_EQ(imposter_.requests().size(), 6u);
}

TEST_P(RemoteFaultsTest, AWrongContentRangeIsAnError) {
  for (const char* lie :
       {"bytes 6-10/20", "bytes 5-10/20", "bytes 5-8/20", "bytes 5-9/*", "bytes 9-5/20", "5-9/20", ""}) {
    imposter_.Otherwise([lie](const ImposterRequest&) {
      return Answer(206, {{"ETag", "\"e1\""}, {"Content-Range", lie}}, "56789");
    });
    EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 5))).substr(0, 11), "unavailable") << lie;
    EXPECT_EQ(seen_, "") << lie;
  }
  EXPECT_EQ(imposter_.requests().size(), 3 * 7u);
}

TEST_P(RemoteFaultsTest, AWrongAnswerIsAskedForAgain) {
  const ImposterReply lies[] = {
      Part(6, 10), Part(5, 9, "\"e2\""), Answer(200, {{"ETag", "\"e1\""}}, kObject),
      Answer(206, {{"ETag", "\"e1\""}, {"Content-Range", "bytes 5-9/20"}, {"Content-Encoding", "gzip"}}, "gzipped")};
  for (const ImposterReply& lie : lies) {
    imposter_.Next(lie);
    imposter_.Next(Part(5, 9));
    ASSERT_EQ(Outcome(Get(ByteRange::Span(5, 5), {}, "e1")), "ok");
    EXPECT_EQ(seen_, "56789");
  }
  EXPECT_EQ(imposter_.requests().size(), 8u);
}

TEST_P(RemoteFaultsTest, ALengthThatContradictsTheRangeIsAnError) {
  imposter_.Otherwise([](const ImposterRequest&) {
    return Answer(206, {{"ETag", "\"e1\""}, {"Content-Range", "bytes 5-9/20"}}, "5678");
  });
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 5))).substr(0, 11), "unavailable");
  EXPECT_EQ(seen_, "");
}

// The short one might be the whole range, compressed on the way; resumed, it would be taken for the first bytes of it.
TEST_P(RemoteFaultsTest, AChunkedRangeIsNotTaken) {
  const HttpHeaders headers = {{"ETag", "\"e1\""}, {"Content-Range", "bytes 5-9/20"}, {"Transfer-Encoding", "chunked"}};
  imposter_.Next(Answer(206, headers, "6\r\n56789a\r\n0\r\n\r\n"));
  imposter_.Next(Answer(206, headers, "2\r\ngz\r\n0\r\n\r\n"));
  imposter_.Next(Part(5, 9));
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 5))), "ok");
  EXPECT_EQ(seen_, "56789");
}

TEST_P(RemoteFaultsTest, TheWholeObjectForARangeIsAnError) {
  imposter_.Otherwise([](const ImposterRequest&) { return Answer(200, {{"ETag", "\"e1\""}}, kObject); });
  EXPECT_EQ(Outcome(Get(ByteRange::Span(0, 20))).substr(0, 11), "unavailable");
  EXPECT_EQ(Outcome(Get(ByteRange::Suffix(5))).substr(0, 11), "unavailable");
  EXPECT_EQ(seen_, "");
}

TEST_P(RemoteFaultsTest, APartForTheWholeIsAnError) {
  imposter_.Otherwise([](const ImposterRequest&) { return Part(0, 9); });
  EXPECT_EQ(Outcome(Get()).substr(0, 11), "unavailable");
}

TEST_P(RemoteFaultsTest, AnObjectReplacedInMidReadIsAConflict) {
  imposter_.Next(Cut(Part(5, 14), 4));
  for (int i = 0; i < 3; ++i) imposter_.Next(Part(11, 14, "\"e2\""));
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 10))).substr(0, 8), "conflict");
  imposter_.Next(Cut(Part(5, 14), 4));
  imposter_.Next(Refusal(412, "PreconditionFailed"));
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 10))).substr(0, 8), "conflict");
  EXPECT_EQ(imposter_.requests().size(), 6u);
}

TEST_P(RemoteFaultsTest, AServerThatIgnoresIfMatchIsNoticed) {
  imposter_.Otherwise([](const ImposterRequest&) { return Part(5, 9, "\"e2\""); });
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 5), {}, "e1")).substr(0, 8), "conflict");
  EXPECT_EQ(seen_, "");
}

TEST_P(RemoteFaultsTest, ABusyServerIsAskedAgain) {
  imposter_.Next(Refusal(503, "SlowDown"));
  imposter_.Next(Answer(500, {}, "no XML"));
  imposter_.Next(Part(5, 9));
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 5))), "ok");
  EXPECT_EQ(imposter_.requests().size(), 3u);
}

TEST_P(RemoteFaultsTest, AServerThatStaysBusyIsAnError) {
  imposter_.Otherwise([](const ImposterRequest&) { return Refusal(503, "SlowDown"); });
  const std::string outcome = Outcome(Get());
  EXPECT_EQ(outcome.substr(0, 11), "unavailable");
  EXPECT_NE(outcome.find("SlowDown"), std::string::npos) << outcome;
  EXPECT_EQ(imposter_.requests().size(), 6u);
}

TEST_P(RemoteFaultsTest, AnExpiredTokenIsSaidSoonAndWithoutSecrets) {
  setenv("AWS_SESSION_TOKEN", "token-of-mine", 1);
  Open();
  // Once more with credentials looked up anew, which here are the same.
  for (int i = 0; i < 2; ++i) imposter_.Next(Refusal(403, "ExpiredToken", "<Token-0>token-of-mine</Token-0>"));
  const auto got = Get();
  unsetenv("AWS_SESSION_TOKEN");
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().kind, ErrorKind::kDenied);
  EXPECT_NE(got.error().message.find("expired"), std::string::npos);
  for (const char* secret : {"token-of-mine", "very-secret", "AKIDEXAMPLE"}) {
    EXPECT_EQ(got.error().message.find(secret), std::string::npos);
  }
  ASSERT_EQ(imposter_.requests().size(), 2u);
  EXPECT_EQ(imposter_.requests()[0].Header("X-Amz-Security-Token"), "token-of-mine");
}

TEST_P(RemoteFaultsTest, AnotherRegionIsNamed) {
  imposter_.Next(Refusal(400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>"));
  const auto got = Get();
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().parameter, "region");
  EXPECT_NE(got.error().message.find("is in the region us-west-2, not in eu-west-1"), std::string::npos);
}

TEST_P(RemoteFaultsTest, AServerThatFallsSilentIsAskedAgain) {
  imposter_.Next(Cut(Part(5, 14), 4, Then::kStall));
  imposter_.Next(Part(11, 14));
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 10))), "ok");
  EXPECT_EQ(seen_, kObject.substr(5, 10));
}

TEST_P(RemoteFaultsTest, TheDeadlineEndsAReadThatHangs) {
  options_.first_byte_timeout = std::chrono::seconds(60);
  Open();
  imposter_.Otherwise([](const ImposterRequest&) { return Cut(Part(5, 14), 4, Then::kStall); });
  const Call call{{}, std::chrono::steady_clock::now() + std::chrono::milliseconds(100)};
  EXPECT_EQ(Outcome(Get(ByteRange::Span(5, 10), call)).substr(0, 7), "timeout");
}

TEST_P(RemoteFaultsTest, AStopEndsAReadThatHangs) {
  options_.first_byte_timeout = std::chrono::seconds(60);
  Open();
  std::stop_source stop;
  imposter_.Otherwise([&](const ImposterRequest&) {
    stop.request_stop();
    return ImposterReply{"", Then::kStall};
  });
  EXPECT_EQ(Outcome(Get({}, {stop.get_token(), SteadyTime::max()})).substr(0, 9), "cancelled");
}

TEST_P(RemoteFaultsTest, ASlowConsumerHoldsBackTheServer) {
  const std::string large(64 << 20, 'x');
  imposter_.Next(Answer(200, {{"ETag", "\"e1\""}}, large));
  std::size_t largest = 0;
  std::size_t total = 0;
  const auto got = store_->Get({"a.bin", {}, {}, {}}, [&](std::span<const char> bytes) {
    largest = std::max(largest, bytes.size());
    total += bytes.size();
    return true;
  });
  ASSERT_EQ(Outcome(got), "ok");
  EXPECT_EQ(total, large.size());
  EXPECT_LE(largest, std::size_t{2} << 20);
}

TEST_P(RemoteFaultsTest, AnErrorInsideASuccessIsAnError) {
  // The copy's HEAD, then 200 with an error in its body, then the real answer.
  imposter_.Next(Answer(200, {{"ETag", "\"e1\""}, {"Content-Length", "20"}}));
  imposter_.Next(Refusal(200, "InternalError"));
  imposter_.Next(Answer(200, {}, "<CopyObjectResult><ETag>&quot;e9&quot;</ETag></CopyObjectResult>"));
  const auto copied = store_->Copy("a.bin", "b.bin");
  ASSERT_EQ(Outcome(copied), "ok");
  EXPECT_EQ(copied->etag, "e9");
  ASSERT_EQ(imposter_.requests().size(), 3u);
  EXPECT_EQ(imposter_.requests()[2].Header("x-amz-copy-source"), "/bucket/lake/a.bin");
}

TEST_P(RemoteFaultsTest, AWriteWhoseReplyWasLostIsKnownAsOurs) {
  std::string mark;
  int puts = 0;
  imposter_.Otherwise([&](const ImposterRequest& request) {
    if (request.method == "HEAD") return Answer(200, {{"ETag", "\"mine\""}, {"x-amz-meta-eider-write", mark}});
    mark = request.Header("x-amz-meta-eider-write");
    return ++puts == 1 ? ImposterReply{"", Then::kClose} : Refusal(412, "PreconditionFailed");
  });
  PutCondition absent;
  absent.if_absent = true;
  const auto put = store_->Put("a.bin", "bytes"s, absent);
  ASSERT_EQ(Outcome(put), "ok");
  EXPECT_EQ(put->etag, "mine");
  EXPECT_EQ(imposter_.requests().size(), 3u);
}

TEST_P(RemoteFaultsTest, AFailedUploadIsAborted) {
  std::atomic<bool> aborted{false};
  imposter_.Otherwise([&](const ImposterRequest& request) {
    if (request.method == "DELETE" && request.target == "/bucket/lake/a.bin?uploadId=u%2F1") {
      aborted = true;
      return Answer(204);
    }
    if (request.method == "POST") {
      return Answer(200, {}, "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>");
    }
    return Refusal(403, "AccessDenied");
  });
  auto upload = store_->StartUpload("a.bin");
  ASSERT_TRUE(upload.ok());
  const std::string part(9 << 20, 'x');
  const auto first = (*upload)->Write(part);
  EXPECT_TRUE(first.ok()) << first.error().message;
  const auto committed = (*upload)->Commit();
  EXPECT_EQ(Outcome(committed).substr(0, 6), "denied");
  EXPECT_TRUE(aborted);
}

TEST_P(RemoteFaultsTest, NothingListensThere) {
  {
    HttpImposter gone;
    options_.endpoint = gone.address();
  }
  Open();
  const auto got = Get();
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(got.error().message.find("connection refused"), std::string::npos) << got.error().message;
}

TEST_P(RemoteFaultsTest, AMissingBucketIsToldFromAMissingKey) {
  imposter_.Next(Answer(404));
  imposter_.Next(Refusal(404, "NoSuchBucket"));
  const auto head = store_->Head("a.bin");
  ASSERT_FALSE(head.ok());
  EXPECT_NE(head.error().message.find("The bucket 'bucket' does not exist"), std::string::npos) << head.error().message;
}

TEST_P(RemoteFaultsTest, RequesterPaysIsSigned) {
  options_.requester_pays = true;
  Open();
  imposter_.Next(Part(5, 9));
  ASSERT_EQ(Outcome(Get(ByteRange::Span(5, 5))), "ok");
  EXPECT_EQ(imposter_.requests()[0].Header("x-amz-request-payer"), "requester");
  EXPECT_NE(imposter_.requests()[0].Header("Authorization").find("x-amz-request-payer"), std::string::npos);
}

TEST_P(RemoteFaultsTest, AnonymousRequestsCarryNoSignature) {
  options_.anonymous = true;
  Open();
  imposter_.Next(Part(5, 9));
  ASSERT_EQ(Outcome(Get(ByteRange::Span(5, 5))), "ok");
  EXPECT_EQ(imposter_.requests()[0].Header("Authorization"), "");
}

TEST_P(RemoteFaultsTest, ConnectionsAreUsedAgain) {
  imposter_.Otherwise([](const ImposterRequest&) { return Part(5, 9); });
  for (int i = 0; i < 20; ++i) ASSERT_EQ(Outcome(Get(ByteRange::Span(5, 5))), "ok");
  EXPECT_EQ(imposter_.requests().size(), 20u);
}

class HttpsRootTest : public RemoteFaultsTest {
 protected:
  void SetUp() override {
    options_.first_byte_timeout = std::chrono::milliseconds(300);
    Open(imposter_.address() + "/data/");
  }
};

INSTANTIATE_TEST_SUITE_P(Https, HttpsRootTest, testing::Values(ReadBy::kGet, ReadBy::kStartGet), NameOf);

TEST_P(HttpsRootTest, ReadsRangesUnsigned) {
  imposter_.Next(Part(5, 9));
  ASSERT_EQ(Outcome(Get(ByteRange::Span(5, 5))), "ok");
  EXPECT_EQ(imposter_.requests()[0].target, "/data/a.bin");
  EXPECT_EQ(imposter_.requests()[0].Header("Authorization"), "");
  EXPECT_EQ(store_->name(), imposter_.address() + "/data");
}

TEST_P(HttpsRootTest, ServersWithoutETagsAreComparedByDate) {
  const HttpHeaders dated = {{"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"Content-Range", "bytes 0-9/20"}};
  imposter_.Next(Answer(206, dated, "0123456789"));
  const auto first = Get(ByteRange::Span(0, 10));
  ASSERT_EQ(Outcome(first), "ok");
  imposter_.Next(Answer(206, dated, "0123456789"));
  EXPECT_EQ(Outcome(Get(ByteRange::Span(0, 10), {}, first->etag)), "ok");
  EXPECT_EQ(imposter_.requests()[1].Header("If-Match"), "");
  const HttpHeaders later = {{"Last-Modified", "Mon, 07 Nov 1994 08:49:37 GMT"}, dated[1]};
  imposter_.Otherwise([later](const ImposterRequest&) { return Answer(206, later, "0123456789"); });
  EXPECT_EQ(Outcome(Get(ByteRange::Span(0, 10), {}, first->etag)).substr(0, 8), "conflict");
}

TEST_P(HttpsRootTest, IsReadOnlyAndCannotBeListed) {
  const auto listed = store_->List({});
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(listed.error().message.find("eider.yaml"), std::string::npos);
  EXPECT_EQ(store_->Put("a", "x"s).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(store_->Delete("a").error().kind, ErrorKind::kUnsupported);
  EXPECT_TRUE(imposter_.requests().empty());
}

TEST_P(HttpsRootTest, SaysWhatTheServerAnswered) {
  imposter_.Next(Answer(404, {}, "<html>no</html>"));
  EXPECT_EQ(Outcome(Get()).substr(0, 9), "not found");
  imposter_.Next(Answer(403));
  EXPECT_EQ(Outcome(Get()).substr(0, 6), "denied");
  imposter_.Next(Answer(302, {{"Location", "http://elsewhere.test/"}}));
  EXPECT_EQ(Outcome(Get()).substr(0, 11), "unsupported");
}

TEST_P(HttpsRootTest, AnEmptyObjectHasAnEmptySuffix) {
  imposter_.Next(Answer(416, {{"Content-Range", "bytes */0"}}));
  imposter_.Next(Answer(200, {{"ETag", "\"e0\""}, {"Content-Length", "0"}}));
  const auto got = Get(ByteRange::Suffix(8));
  ASSERT_EQ(Outcome(got), "ok");
  EXPECT_EQ(got->etag, "e0");
  EXPECT_EQ(seen_, "");
}

TEST(HttpsRootAddressTest, PlainHttpIsForThisMachine) {
  EXPECT_EQ(OpenStore("http://example.com/data").error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(OpenStore("https://user:word@example.com/").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(OpenStore("https://user:word@example.com/").error().message.find("word@"), std::string::npos);
}

}  // namespace
}  // namespace eider
