#include "object/aws_settings.h"

#include <gtest/gtest.h>

#include <map>

namespace eider {
namespace {

Lookup In(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

TEST(AwsSettingsTest, TheCallerComesFirst) {
  StoreOptions given;
  given.region = "eu-west-1";
  given.endpoint = "http://127.0.0.1:1";
  const auto filled =
      FillIn(given, In({{"AWS_REGION", "us-west-2"}, {"AWS_ENDPOINT_URL", "http://127.0.0.1:2"}}), In({}));
  EXPECT_EQ(filled.region, "eu-west-1");
  EXPECT_EQ(filled.endpoint, "http://127.0.0.1:1");
}

TEST(AwsSettingsTest, ThenTheEnvironmentThenTheProfile) {
  const Lookup profile = In({{"region", "ap-south-1"}, {"endpoint_url", "http://127.0.0.1:4"}, {"ca_bundle", "/ca"}});
  EXPECT_EQ(FillIn({}, In({{"AWS_REGION", "a-1"}, {"AWS_DEFAULT_REGION", "b-1"}}), profile).region, "a-1");
  EXPECT_EQ(FillIn({}, In({{"AWS_DEFAULT_REGION", "b-1"}}), profile).region, "b-1");
  EXPECT_EQ(FillIn({}, In({}), profile).region, "ap-south-1");
  EXPECT_EQ(FillIn({}, In({}), In({})).region, "us-east-1");
  EXPECT_EQ(
      FillIn({}, In({{"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:3"}, {"AWS_ENDPOINT_URL", "x"}}), profile).endpoint,
      "http://127.0.0.1:3");
  EXPECT_EQ(FillIn({}, In({}), profile).endpoint, "http://127.0.0.1:4");
  const auto both =
      In({{"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:3"}, {"AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:5"}});
  EXPECT_EQ(FillIn({}, both, profile, "LAMBDA").endpoint, "http://127.0.0.1:5");
  EXPECT_EQ(FillIn({}, In({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}), profile).endpoint, "");
  EXPECT_EQ(FillIn({}, In({{"AWS_CA_BUNDLE", "/mine"}}), profile).ca_bundle, "/mine");
}

}  // namespace
}  // namespace eider
