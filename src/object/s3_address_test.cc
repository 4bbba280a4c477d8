#include "object/s3_address.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

StoreOptions In(const std::string& region, const std::string& endpoint = {}) {
  StoreOptions options;
  options.region = region;
  options.endpoint = endpoint;
  return options;
}

TEST(S3AddressTest, AwsIsReachedByVirtualHost) {
  const auto address = *MakeS3Address("s3://lake/open/data/", In("eu-west-1"));
  EXPECT_TRUE(address.tls);
  EXPECT_EQ(address.host, "lake.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(address.port, 443);
  EXPECT_EQ(address.name(), "s3://lake/open/data");
  EXPECT_EQ(address.Target("a.csv"), "/open/data/a.csv");
  EXPECT_EQ(MakeS3Address("s3://lake", In("cn-north-1"))->host, "lake.s3.cn-north-1.amazonaws.com.cn");
}

TEST(S3AddressTest, ABucketThatIsNoHostNameIsReachedByPath) {
  for (const char* bucket : {"data.example.org", "Old_Bucket"}) {
    const auto address = *MakeS3Address(std::string("s3://") + bucket, In("us-east-1"));
    EXPECT_EQ(address.host, "s3.us-east-1.amazonaws.com");
    EXPECT_EQ(address.Target("a"), std::string("/") + bucket + "/a");
  }
}

TEST(S3AddressTest, AnEndpointIsReachedByPathUnlessTold) {
  auto options = In("us-east-1", "http://127.0.0.1:9000");
  const auto by_path = *MakeS3Address("s3://lake/p", options);
  EXPECT_FALSE(by_path.tls);
  EXPECT_EQ(by_path.host, "127.0.0.1");
  EXPECT_EQ(by_path.port, 9000);
  EXPECT_EQ(by_path.Target("a"), "/lake/p/a");
  options.path_style = false;
  options.endpoint = "https://store.test";
  const auto by_host = *MakeS3Address("s3://lake/p", options);
  EXPECT_EQ(by_host.host, "lake.store.test");
  EXPECT_EQ(by_host.Target("a"), "/p/a");
}

TEST(S3AddressTest, KeysAreEncodedByteByByte) {
  const auto address = *MakeS3Address("s3://lake", In("us-east-1", "http://127.0.0.1:9000"));
  EXPECT_EQ(address.Target("year=2001/a b+c.csv"), "/lake/year%3D2001/a%20b%2Bc.csv");
  EXPECT_EQ(address.Target("%2e%2e"), "/lake/%252e%252e");
  EXPECT_EQ(address.Target("\xC3\xA9?#"), "/lake/%C3%A9%3F%23");
  EXPECT_EQ(address.CopySource("a b"), "/lake/a%20b");
}

TEST(S3AddressTest, ListingsNameTheirPage) {
  const auto by_path = *MakeS3Address("s3://lake/p", In("us-east-1", "http://127.0.0.1:9000"));
  EXPECT_EQ(by_path.ListTarget({"x/", true, {}, 1000}),
            "/lake?encoding-type=url&list-type=2&max-keys=1000&prefix=p%2Fx%2F");
  const auto by_host = *MakeS3Address("s3://lake", In("us-east-1"));
  EXPECT_EQ(by_host.ListTarget({"", false, "a/+=", 5}),
            "/?continuation-token=a%2F%2B%3D&delimiter=%2F&encoding-type=url&list-type=2&max-keys=5");
}

TEST(S3AddressTest, RefusesWhatIsNoBucket) {
  for (const char* root : {"s3://", "s3:///a", "s3://a", "s3://..", "s3://user:secret@bucket/a", "s3://buc ket"}) {
    const auto address = MakeS3Address(root, In("us-east-1"));
    ASSERT_FALSE(address.ok()) << root;
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos);
  }
  EXPECT_FALSE(MakeS3Address("s3://lake/../other", In("us-east-1")).ok());
  EXPECT_EQ(MakeS3Address("s3://lake", In("us-east-1@evil.test/")).error().parameter, "region");
}

TEST(S3AddressTest, RefusesWhatIsNoEndpoint) {
  for (const char* endpoint : {"127.0.0.1:9000", "ftp://h", "http://", "http://h:0", "http://h:99999", "http://h:x",
                               "http://key:secret@h", "http://h/path", "http://h?x=1", "http://a b"}) {
    const auto address = MakeS3Address("s3://lake", In("us-east-1", endpoint));
    ASSERT_FALSE(address.ok()) << endpoint;
    EXPECT_EQ(address.error().parameter, "endpoint");
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos);
  }
}

TEST(HttpUrlTest, TakesAddressesApart) {
  const auto plain = *ParseHttpUrl("https://data.example.org/a/b");
  EXPECT_EQ(plain.host, "data.example.org");
  EXPECT_EQ(plain.port, 443);
  EXPECT_EQ(plain.path, "/a/b");
  const auto six = *ParseHttpUrl("http://[::1]:8080");
  EXPECT_EQ(six.host, "[::1]");
  EXPECT_EQ(six.port, 8080);
  EXPECT_TRUE(six.loopback());
  EXPECT_TRUE(ParseHttpUrl("http://127.0.0.1")->loopback());
  EXPECT_FALSE(ParseHttpUrl("http://127.0.0.1.example.com")->loopback());
  EXPECT_FALSE(ParseHttpUrl("http://10.0.0.1")->loopback());
}

}  // namespace
}  // namespace eider
