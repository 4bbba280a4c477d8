#include "api/access.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace eider {
namespace {

Access MakeAccess() {
  AccessConfig config;
  config.keys = {{"alice", Sha256Hex("alices-key")}, {"bob", Sha256Hex("bobs-key")}};
  config.cors_origins = {"https://data.example.org"};
  return Access(config);
}

Request With(std::vector<Header> headers, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  request.headers = std::move(headers);
  return request;
}

TEST(AccessTest, KeysHaveNames) {
  const Access access = MakeAccess();
  EXPECT_EQ(access.Principal(With({})), "");
  EXPECT_EQ(access.Principal(With({{"Authorization", "Bearer alices-key"}})), "alice");
  EXPECT_EQ(access.Principal(With({{"authorization", "bearer  bobs-key "}})), "bob");
  EXPECT_EQ(access.Principal(With({{"X-Api-Key", "bobs-key"}})), "bob");
  EXPECT_EQ(access.Principal(With({{"X-Api-Key", "bobs-ke"}})), std::nullopt);
  EXPECT_EQ(access.Principal(With({{"X-Api-Key", Sha256Hex("bobs-key")}})), std::nullopt) << "the hash is no key";
}

TEST(AccessTest, CorsIsForAllowedOrigins) {
  const Access access = MakeAccess();
  Response allowed;
  allowed.Set("Vary", "Accept");
  access.AddCors(With({{"Origin", "https://data.example.org"}}), allowed);
  EXPECT_EQ(allowed.Find("Access-Control-Allow-Origin"), "https://data.example.org");
  EXPECT_EQ(allowed.Find("Vary"), "Accept, Origin");
  Response other;
  access.AddCors(With({{"Origin", "https://evil.example.org"}}), other);
  EXPECT_EQ(other.Find("Access-Control-Allow-Origin"), "");
}

TEST(AccessTest, Preflights) {
  const Access access = MakeAccess();
  const Header method{"Access-Control-Request-Method", "GET"};
  EXPECT_EQ(access.Preflight(With({{"Origin", "https://data.example.org"}, method}, "OPTIONS"))->status, 204);
  EXPECT_FALSE(access.Preflight(With({{"Origin", "https://evil.example.org"}, method}, "OPTIONS")).has_value());
  EXPECT_FALSE(access.Preflight(With({{"Origin", "https://data.example.org"}, method})).has_value());
}

}  // namespace
}  // namespace eider
