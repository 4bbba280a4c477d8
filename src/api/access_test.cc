#include "api/access.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/log.h"

namespace eider {
namespace {

const WallTime kNow{std::chrono::hours(24 * 365 * 50)};

ApiKey KeyOf(const std::string& name, const std::string& secret) {
  ApiKey key;
  key.name = name;
  key.sha256 = Sha256Hex(secret);
  return key;
}

Access MakeAccess(const AccessOptions& options = {}) {
  AccessConfig config;
  config.keys = {KeyOf("alice", "alices-key"), KeyOf("bob", "bobs-key"), KeyOf("old", "old-key")};
  config.keys[1].limits.rows = 10;
  config.keys[1].datasets = {"birds"};
  config.keys[2].expires = kNow;
  config.key_limits.requests_per_second = 20;
  config.anonymous_limits.rows = 5;
  config.cors_origins = {"https://data.example.org"};
  return Access(config, nullptr, options);
}

Request With(std::vector<Header> headers, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  request.headers = std::move(headers);
  return request;
}

class AccessTest : public testing::Test {
 protected:
  void SetUp() override { SetLogLevel(LogLevel::kOff); }
  void TearDown() override { SetLogLevel(LogLevel::kInfo); }

  // The holder's name, "-" without a key, or the status of the refusal.
  static std::string Who(const Access& access, std::vector<Header> headers, WallTime now = kNow) {
    const auto verdict = access.Identify(With(std::move(headers)), now);
    if (!verdict.caller) return std::to_string(verdict.refusal.status);
    return verdict.caller->key_id.empty() ? "-" : verdict.caller->name;
  }
};

TEST_F(AccessTest, KeysHaveNames) {
  const Access access = MakeAccess();
  EXPECT_EQ(Who(access, {}), "-");
  EXPECT_EQ(Who(access, {{"Authorization", "Bearer alices-key"}}), "alice");
  EXPECT_EQ(Who(access, {{"authorization", "bearer  bobs-key "}}), "bob");
  EXPECT_EQ(Who(access, {{"X-Api-Key", "bobs-key"}}), "bob");
  EXPECT_EQ(Who(access, {{"X-API-KEY", "bobs-ke"}}), "401");
  EXPECT_EQ(Who(access, {{"X-Api-Key", Sha256Hex("bobs-key")}}), "401") << "the hash is no key";
  EXPECT_EQ(Who(access, {{"Authorization", "Bearer"}}), "401") << "an empty key is a wrong one";
  EXPECT_EQ(Who(access, {{"X-Api-Key", ""}}), "401");
}

TEST_F(AccessTest, WhomTheTransportLetInNeedsNoKey) {
  const Access access = MakeAccess();
  Request request = With({});
  request.authorised = true;
  const auto verdict = access.Identify(request, kNow);
  EXPECT_EQ(verdict.caller->name, "iam");
  EXPECT_TRUE(verdict.caller->with_key);
  EXPECT_EQ(verdict.caller->limits.requests_per_second, 20);
  request = With({{"X-Api-Key", "bobs-ke"}});
  request.authorised = true;
  EXPECT_EQ(access.Identify(request, kNow).refusal.status, 401) << "a wrong key is wrong";
}

TEST_F(AccessTest, AnotherSchemeIsNoKey) {
  const Access access = MakeAccess();
  EXPECT_EQ(Who(access, {{"Authorization", "AWS4-HMAC-SHA256 Credential=x"}}), "-");
  EXPECT_EQ(Who(access, {{"Authorization", "BearerX alices-key"}}), "-");
  EXPECT_EQ(Who(access, {{"Authorization", "Basic YTpi"}, {"X-Api-Key", "bobs-key"}}), "bob");
}

TEST_F(AccessTest, TwoKeysAreRefused) {
  const Access access = MakeAccess();
  EXPECT_EQ(Who(access, {{"Authorization", "Bearer alices-key"}, {"Authorization", "Bearer bobs-key"}}), "400");
  EXPECT_EQ(Who(access, {{"Authorization", "Bearer alices-key"}, {"X-Api-Key", "alices-key"}}), "400");
}

TEST_F(AccessTest, AKeyExpires) {
  const Access access = MakeAccess();
  EXPECT_EQ(Who(access, {{"X-Api-Key", "old-key"}}, kNow - std::chrono::milliseconds(1)), "old");
  const auto verdict = access.Identify(With({{"X-Api-Key", "old-key"}}), kNow);
  EXPECT_EQ(verdict.refusal.status, 401);
  EXPECT_NE(verdict.refusal.text.find("expired at 2019-12-20T00:00:00.000Z"), std::string::npos);
  EXPECT_NE(verdict.refusal.Find("WWW-Authenticate").find("error=\"invalid_token\""), std::string_view::npos);
}

TEST_F(AccessTest, LimitsAreTheKeysOwnThenThoseOfKeysThenTheServers) {
  AccessOptions options;
  options.limits = {100, 200, 7};
  const Access access = MakeAccess(options);
  const auto nobody = access.Identify(With({}), kNow).caller;
  EXPECT_EQ(nobody->limits.requests_per_second, 100);
  EXPECT_EQ(nobody->limits.rows, 5u);
  EXPECT_FALSE(nobody->with_key);
  const auto bob = access.Identify(With({{"X-Api-Key", "bobs-key"}}), kNow).caller;
  EXPECT_EQ(bob->limits.requests_per_second, 20);
  EXPECT_EQ(bob->limits.burst, 20);
  EXPECT_EQ(bob->limits.rows, 10u);
  EXPECT_EQ(bob->limits.concurrency, 7u);
  EXPECT_TRUE(bob->with_key);
  EXPECT_TRUE(bob->MayRead("birds"));
  EXPECT_FALSE(bob->MayRead("flights"));
  EXPECT_EQ(access.Identify(With({{"X-Api-Key", "alices-key"}}), kNow).caller->limits.rows, 0u);
}

TEST_F(AccessTest, TheOperatorNeedsNoKey) {
  AccessOptions options;
  options.everything = true;
  options.anonymous = false;
  const Access access = MakeAccess(options);
  const auto caller = access.Identify(With({{"X-Api-Key", "whatever"}}), kNow).caller;
  EXPECT_TRUE(caller->with_key);
  EXPECT_FALSE(caller->limited);
  EXPECT_TRUE(access.anonymous());
}

TEST_F(AccessTest, ARefusalIsInTheLogWithoutTheKey) {
  SetLogLevel(LogLevel::kInfo);
  testing::internal::CaptureStderr();
  const auto verdict = MakeAccess().Identify(With({{"X-Api-Key", "not-a-key"}}), kNow);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("\"event\":\"denied\""), std::string::npos) << log;
  EXPECT_NE(log.find("\"reason\":\"unknown_key\",\"status\":401"), std::string::npos) << log;
  EXPECT_EQ(log.find("not-a-key"), std::string::npos) << log;
  EXPECT_EQ(verdict.refusal.text.find("not-a-key"), std::string::npos);
}

TEST_F(AccessTest, CorsIsForAllowedOrigins) {
  const Access access = MakeAccess();
  Response allowed;
  allowed.Set("Vary", "Accept");
  access.AddCors(With({{"Origin", "https://data.example.org"}}), allowed);
  EXPECT_EQ(allowed.Find("Access-Control-Allow-Origin"), "https://data.example.org");
  EXPECT_EQ(allowed.Find("Vary"), "Accept, Origin");
  EXPECT_EQ(allowed.Find("Access-Control-Expose-Headers"), "Vary");
  Response unchanged;
  unchanged.status = 304;
  access.AddCors(With({{"Origin", "https://data.example.org"}}), unchanged);
  EXPECT_EQ(unchanged.Find("Access-Control-Allow-Origin"), "https://data.example.org");
  EXPECT_EQ(unchanged.Find("Access-Control-Expose-Headers"), "");
  Response other;
  access.AddCors(With({{"Origin", "https://evil.example.org"}}), other);
  EXPECT_EQ(other.Find("Access-Control-Allow-Origin"), "");
}

TEST_F(AccessTest, Preflights) {
  const Access access = MakeAccess();
  const Header method{"Access-Control-Request-Method", "GET"};
  EXPECT_EQ(access.Preflight(With({{"Origin", "https://data.example.org"}, method}, "OPTIONS"))->status, 204);
  EXPECT_FALSE(access.Preflight(With({{"Origin", "https://evil.example.org"}, method}, "OPTIONS")).has_value());
  EXPECT_FALSE(access.Preflight(With({{"Origin", "https://data.example.org"}, method})).has_value());
}

}  // namespace
}  // namespace eider
