// Where credentials come from, seen in the signatures that a server receives.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "object/http_imposter.h"
#include "object/object_store.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

class CredentialsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
                             "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}) {
      unsetenv(name);
    }
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("AWS_CONFIG_FILE", (folder_.path() / "config").c_str(), 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", (folder_.path() / "credentials").c_str(), 1);
    Write("config", "");
    Write("credentials", "");
    imposter_.Otherwise([](const ImposterRequest&) { return Answer(200, {{"ETag", "\"e\""}}, "x"); });
    options_.endpoint = imposter_.address();
  }
  void TearDown() override {
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
  }

  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_.path() / name) << text; }

  // The access key and region that a request was signed with, as "key/region", or the error's message.
  std::string Signer() {
    auto store = OpenStore("s3://lake", options_);
    if (!store.ok()) return store.error().message;
    const auto got = GetAll(**store, "a", 10);
    if (!got.ok()) return got.error().message;
    const ImposterRequest request = imposter_.requests().back();
    token_ = request.Header("X-Amz-Security-Token");
    const std::string authorization = request.Header("Authorization");
    const auto begin = authorization.find("Credential=") + 11;
    const std::string scope = authorization.substr(begin, authorization.find(',') - begin);
    return scope.substr(0, scope.find('/')) + "/" +
           scope.substr(scope.find('/') + 10, scope.find("/s3/") - scope.find('/') - 10);
  }

  TemporaryFolder folder_;
  HttpImposter imposter_;
  StoreOptions options_;
  std::string token_;
};

TEST_F(CredentialsTest, FromTheDefaultProfile) {
  Write("config", "[default]\nregion = eu-central-1\n");
  Write("credentials",
        "[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = s\naws_session_token = tok\n");
  EXPECT_EQ(Signer(), "AKDEFAULT/eu-central-1");
  EXPECT_EQ(token_, "tok");
}

TEST_F(CredentialsTest, RunOutInMidReadAreLookedUpAnew) {
  Write("config", "[default]\nregion = eu-central-1\n");
  Write("credentials", "[default]\naws_access_key_id = AKOLD\naws_secret_access_key = s\naws_session_token = t1\n");
  auto store = OpenStore("s3://lake", options_);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(GetAll(**store, "a", 10).ok());
  Write("credentials", "[default]\naws_access_key_id = AKNEW\naws_secret_access_key = s\naws_session_token = t2\n");
  imposter_.Otherwise([](const ImposterRequest& request) {
    if (request.Header("X-Amz-Security-Token") == "t2") return Answer(200, {{"ETag", "\"e\""}}, "x");
    return Answer(403, {}, "<?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code></Error>");
  });
  const auto got = GetAll(**store, "a", 10);
  EXPECT_TRUE(got.ok()) << got.error().message;
  ASSERT_EQ(imposter_.requests().size(), 3u);
  EXPECT_EQ(imposter_.requests()[1].Header("X-Amz-Security-Token"), "t1");
  EXPECT_EQ(imposter_.requests()[2].Header("X-Amz-Security-Token"), "t2");
  EXPECT_TRUE((*store)->Put("b", std::span<const char>("x", 1)).ok());
  EXPECT_EQ(imposter_.requests().size(), 4u);
}

TEST_F(CredentialsTest, FromANamedProfileBeforeTheEnvironment) {
  setenv("AWS_ACCESS_KEY_ID", "AKENV", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
  Write("config", "[profile work]\nregion = eu-north-1\n");
  Write("credentials", "[work]\naws_access_key_id = AKWORK\naws_secret_access_key = s\n");
  EXPECT_EQ(Signer(), "AKENV/us-east-1");
  options_.profile = "work";
  EXPECT_EQ(Signer(), "AKWORK/eu-north-1");
}

TEST_F(CredentialsTest, FromAProcess) {
  Write("key.json", R"({"Version": 1, "AccessKeyId": "AKPROCESS", "SecretAccessKey": "s", "SessionToken": "pt"})");
  Write("config", "[default]\ncredential_process = cat " + (folder_.path() / "key.json").string() + "\n");
  EXPECT_EQ(Signer(), "AKPROCESS/us-east-1");
  EXPECT_EQ(token_, "pt");
}

TEST_F(CredentialsTest, FromAContainer) {
  HttpImposter container;
  container.Otherwise([](const ImposterRequest&) {
    return Answer(
        200, {{"Content-Type", "application/json"}},
        R"({"AccessKeyId": "AKTASK", "SecretAccessKey": "s", "Token": "ct", "Expiration": "2099-01-01T00:00:00Z"})");
  });
  setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", (container.address() + "/creds").c_str(), 1);
  EXPECT_EQ(Signer(), "AKTASK/us-east-1");
  EXPECT_EQ(token_, "ct");
}

TEST_F(CredentialsTest, NoneAtAllIsExplained) {
  const std::string message = Signer();
  EXPECT_NE(message.find("no AWS credentials were found"), std::string::npos) << message;
  EXPECT_NE(message.find("aws sso login"), std::string::npos);
}

TEST_F(CredentialsTest, AProfileThatDoesNotExistIsNamed) {
  options_.profile = "nobody";
  EXPECT_NE(Signer().find("profile 'nobody'"), std::string::npos) << Signer();
}

TEST_F(CredentialsTest, AnSsoProfileWithoutALoginIsExplained) {
  Write("config",
        "[default]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = reader\n"
        "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://start.test/\n");
  const std::string message = Signer();
  EXPECT_NE(message.find("aws sso login"), std::string::npos) << message;
}

}  // namespace
}  // namespace eider
