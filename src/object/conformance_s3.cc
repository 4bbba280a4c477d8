// The conformance suite against a real S3 server, and what stores say when it refuses. Run by
// tests/integration/test_object_stores.py, which starts the server and says in the environment where it is:
//   EIDER_TEST_S3_ENDPOINT, EIDER_TEST_S3_REGION, EIDER_TEST_S3_BUCKET (empty), and AWS's own variables for the keys;
//   EIDER_TEST_S3_CA: the PEM file to trust; EIDER_TEST_S3_WITHOUT: names of what the server lacks, e.g. "if-match".
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "object/conformance.h"

namespace eider {
namespace {

using namespace std::string_literals;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

bool Lacks(const std::string& what) { return Environment("EIDER_TEST_S3_WITHOUT").find(what) != std::string::npos; }

StoreOptions Options() {
  StoreOptions options;
  options.endpoint = Environment("EIDER_TEST_S3_ENDPOINT");
  options.region = Environment("EIDER_TEST_S3_REGION");
  options.ca_bundle = Environment("EIDER_TEST_S3_CA");
  return options;
}

std::unique_ptr<ObjectStore> OpenBelow(const std::string& prefix, const StoreOptions& options = Options()) {
  auto store = OpenStore("s3://" + Environment("EIDER_TEST_S3_BUCKET") + "/" + prefix, options);
  EXPECT_TRUE(store.ok()) << store.error().message;
  return store.ok() ? *std::move(store) : nullptr;
}

std::unique_ptr<ObjectStore> OpenFresh() {
  static std::atomic<int> counter{0};
  return OpenBelow("conformance/" + std::to_string(counter.fetch_add(1)));
}

INSTANTIATE_TEST_SUITE_P(S3, StoreConformance,
                         testing::ValuesIn(ReadBothWays({"s3", OpenFresh, !Lacks("conditional-writes")})));

// Sets a variable for one test.
class Changed {
 public:
  Changed(const char* name, const char* value) : name_(name), before_(Environment(name)) { setenv(name, value, 1); }
  ~Changed() {
    if (before_.empty()) {
      unsetenv(name_);
    } else {
      setenv(name_, before_.c_str(), 1);
    }
  }

 private:
  const char* name_;
  std::string before_;
};

const ByteConsumer kIgnore = [](std::span<const char>) { return true; };

// Every operation must end with the same kind of error, whose message has `part`.
void ExpectAll(ObjectStore& store, ErrorKind kind, const std::string& part) {
  const auto check = [&](const char* operation, bool ok, const Error& error) {
    ASSERT_FALSE(ok) << operation;
    EXPECT_EQ(error.kind, kind) << operation << ": " << error.message;
    EXPECT_NE(error.message.find(part), std::string::npos) << operation << ": " << error.message;
    EXPECT_EQ(error.message.find(Environment("AWS_SECRET_ACCESS_KEY")), std::string::npos) << error.message;
  };
  static const Error none;
  const auto error = [](const auto& result) { return result.ok() ? none : result.error(); };
  const auto list = store.List({});
  check("list", list.ok(), error(list));
  const auto head = store.Head("a");
  check("head", head.ok(), error(head));
  const auto get = store.Get({"a", ByteRange::Suffix(8), {}, {}}, kIgnore);
  check("get", get.ok(), error(get));
  const auto put = store.Put("a", "x"s);
  check("put", put.ok(), error(put));
  const auto copy = store.Copy("a", "b");
  check("copy", copy.ok(), error(copy));
}

TEST(S3ServerTest, AMissingBucketIsNamed) {
  auto store = *OpenStore("s3://there-is-no-such-bucket/x", Options());
  ExpectAll(*store, ErrorKind::kNotFound, "The bucket 'there-is-no-such-bucket' does not exist");
}

TEST(S3ServerTest, AnonymousAccessIsDenied) {
  StoreOptions options = Options();
  options.anonymous = true;
  // s3proxy looks for the object before it looks at who asks.
  ASSERT_TRUE(OpenBelow("denied")->Put("a", "x"s).ok());
  ExpectAll(*OpenBelow("denied", options), ErrorKind::kDenied, "anonymous access");
}

TEST(S3ServerTest, AWrongSecretIsDenied) {
  const Changed secret("AWS_SECRET_ACCESS_KEY", "not-the-secret");
  ExpectAll(*OpenBelow("denied"), ErrorKind::kDenied, "the secret key does not fit the access key");
}

TEST(S3ServerTest, AnUnknownAccessKeyIsDenied) {
  const Changed key("AWS_ACCESS_KEY_ID", "AKIANOBODY");
  ExpectAll(*OpenBelow("denied"), ErrorKind::kDenied, "AWS_ACCESS_KEY_ID");
}

TEST(S3ServerTest, AForeignSessionTokenIsDenied) {
  if (Lacks("session-tokens")) GTEST_SKIP() << "the server does not look at session tokens";
  const Changed token("AWS_SESSION_TOKEN", "of-somebody-else");
  ExpectAll(*OpenBelow("denied"), ErrorKind::kDenied, "session token");
}

TEST(S3ServerTest, AnotherRegionIsNamed) {
  if (Lacks("regions")) GTEST_SKIP() << "the server takes every region";
  StoreOptions options = Options();
  options.region = "ap-south-1";
  ExpectAll(*OpenBelow("elsewhere", options), ErrorKind::kDenied,
            "is in the region " + Environment("EIDER_TEST_S3_REGION") + ", not in ap-south-1");
}

TEST(S3ServerTest, NothingListensThere) {
  StoreOptions options = Options();
  options.endpoint = "http://127.0.0.1:9";
  const auto listed = OpenBelow("down", options)->List({});
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(listed.error().message.find("127.0.0.1:9 (connection refused)"), std::string::npos)
      << listed.error().message;
}

TEST(S3ServerTest, AnUntrustedCertificateIsNamed) {
  if (Environment("EIDER_TEST_S3_CA").empty()) GTEST_SKIP() << "the server speaks plain HTTP";
  const Changed bundle("AWS_CA_BUNDLE", "");
  StoreOptions options = Options();
  options.ca_bundle.clear();
  const auto listed = OpenBelow("untrusted", options)->List({});
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(listed.error().message.find("ca_bundle"), std::string::npos) << listed.error().message;
}

TEST(S3ServerTest, AnObjectReplacedInMidReadIsNeverMixed) {
  const auto store = OpenBelow("replaced");
  const std::string old_bytes(24 << 20, 'o');
  const auto put = store->Put("big", old_bytes);
  ASSERT_TRUE(put.ok()) << put.error().message;
  std::string seen;
  std::thread writer;  // MinIO makes a writer wait for the readers of its object
  const auto got = store->Get({"big", {}, put->etag, {}}, [&](std::span<const char> piece) {
    if (seen.empty()) {
      writer = std::thread([&] {
        const auto replaced = store->Put("big", std::string(24 << 20, 'n'));
        EXPECT_TRUE(replaced.ok()) << replaced.error().message;
      });
    }
    seen.append(piece.data(), piece.size());
    return true;
  });
  writer.join();
  // A server that keeps the old bytes for the reader may finish; one that does not must be noticed.
  if (got.ok()) {
    EXPECT_TRUE(seen == old_bytes);
    EXPECT_EQ(got->etag, put->etag);
  } else {
    EXPECT_EQ(got.error().kind, ErrorKind::kConflict) << got.error().message;
  }
  const auto next = store->Get({"big", ByteRange::Span(100, 10), put->etag, {}}, kIgnore);
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.error().kind, ErrorKind::kConflict);
}

TEST(S3ServerTest, AStoreOfAWholeBucketListsItsPrefixes) {
  const auto below = OpenBelow("some/prefix");
  ASSERT_TRUE(below->Put("a.csv", "x"s).ok());
  const auto whole = *OpenStore("s3://" + Environment("EIDER_TEST_S3_BUCKET"), Options());
  const auto listed = whole->List({"some/", true, {}, 1000});
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  ASSERT_EQ(listed->objects.size(), 1u);
  EXPECT_EQ(listed->objects[0].key, "some/prefix/a.csv");
}

// Last by name, so that the caller can look for parts that were left behind.
TEST(S3ServerUploadTest, AnAbortedUploadLeavesNoParts) {
  const auto store = OpenBelow("aborted");
  auto upload = store->StartUpload("big");
  ASSERT_TRUE(upload.ok());
  ASSERT_TRUE((*upload)->Write(std::string(20 << 20, 'x')).ok());
  (*upload)->Abort();
  std::stop_source stop;
  auto stopped = store->StartUpload("stopped", {}, {stop.get_token(), SteadyTime::max()});
  ASSERT_TRUE((*stopped)->Write(std::string(20 << 20, 'x')).ok());
  stop.request_stop();
  const auto committed = (*stopped)->Commit();
  ASSERT_FALSE(committed.ok());
  EXPECT_EQ(committed.error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(store->List({})->objects.empty());
}

}  // namespace
}  // namespace eider
