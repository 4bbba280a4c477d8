#include "catalog/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.h"

namespace eider {
namespace {

class KeyFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "keys-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/keys.json";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  std::string Wrong(const std::string& text) {
    Write(text);
    const auto keys = ReadKeyFile(path_);
    EXPECT_FALSE(keys.ok()) << text;
    return keys ? "" : keys.error().message;
  }
  static Status Add(std::vector<ApiKey>& keys, const std::string& name, const std::string& secret) {
    ApiKey key;
    key.name = name;
    key.sha256 = Sha256Hex(secret);
    keys.push_back(key);
    return {};
  }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyFileTest, ReadsWhatItWrites) {
  ApiKey key;
  key.name = "al\"ice: {";
  key.sha256 = Sha256Hex("a secret");
  key.created = ParseRfc3339("2026-01-02T03:04:05.006Z");
  key.expires = ParseRfc3339("2027-01-02");
  key.datasets = {"flights", "birds"};
  key.limits.requests_per_second = 0.5;
  key.limits.burst = 7;
  key.limits.concurrency = 2;
  key.limits.rows = 1000;
  key.limits.bytes = 1'000'000;
  key.limits.memory = 256'000'000;
  key.limits.time = std::chrono::seconds(90);
  ASSERT_TRUE(ChangeKeyFile(path_, [&](std::vector<ApiKey>& keys) {
                keys.push_back(key);
                return Add(keys, "bob", "another");
              }).ok());
  const auto read = ReadKeyFile(path_);
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->size(), 2u);
  const ApiKey& first = read->front();
  EXPECT_EQ(first.name, key.name);
  EXPECT_EQ(first.sha256, key.sha256);
  EXPECT_EQ(first.created, key.created);
  EXPECT_EQ(first.expires, key.expires);
  EXPECT_EQ(first.datasets, key.datasets);
  EXPECT_EQ(first.limits.requests_per_second, 0.5);
  EXPECT_EQ(first.limits.burst, 7u);
  EXPECT_EQ(first.limits.concurrency, 2u);
  EXPECT_EQ(first.limits.rows, 1000u);
  EXPECT_EQ(first.limits.bytes, 1'000'000u);
  EXPECT_EQ(first.limits.memory, 256'000'000u);
  EXPECT_EQ(first.limits.time, std::chrono::seconds(90));
  EXPECT_EQ(read->back().expires, std::nullopt);
  EXPECT_EQ(read->back().datasets, std::nullopt);
  EXPECT_EQ(Text().find("a secret"), std::string::npos);
}

TEST_F(KeyFileTest, IsReplacedWholeAndForItsOwnerAlone) {
  const auto add = [](std::vector<ApiKey>& keys) { return Add(keys, "alice", "a"); };
  ASSERT_TRUE(ChangeKeyFile(path_, add).ok());
  const FileStamp before = StampOf(path_);
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto refuse = [](std::vector<ApiKey>& keys) -> Status {
    keys.clear();
    return Invalid("no");
  };
  EXPECT_FALSE(ChangeKeyFile(path_, refuse).ok());
  EXPECT_EQ(StampOf(path_), before);
  ASSERT_TRUE(ChangeKeyFile(path_, [](std::vector<ApiKey>& keys) { return Add(keys, "bob", "b"); }).ok());
  EXPECT_NE(StampOf(path_), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "nothing is left beside it";
}

TEST_F(KeyFileTest, ALinkStays) {
  const std::string link = folder_ + "/link.json";
  ASSERT_TRUE(ChangeKeyFile(path_, [](std::vector<ApiKey>& keys) { return Add(keys, "alice", "a"); }).ok());
  std::filesystem::create_symlink(path_, link);
  ASSERT_TRUE(ChangeKeyFile(link, [](std::vector<ApiKey>& keys) { return Add(keys, "bob", "b"); }).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(ReadKeyFile(path_)->size(), 2u);
}

TEST_F(KeyFileTest, OthersMustNotReadOrChangeIt) {
  for (const mode_t mode : {0644, 0620, 0602, 0666}) {
    Write("keys: []\n", mode);
    const auto keys = ReadKeyFile(path_);
    ASSERT_FALSE(keys.ok()) << std::oct << mode;
    EXPECT_NE(keys.error().message.find("chmod 600"), std::string::npos) << keys.error().message;
  }
  Write("keys: []\n", 0640);
  EXPECT_TRUE(ReadKeyFile(path_).ok());
  EXPECT_EQ(ReadKeyFile(folder_).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(ReadKeyFile(folder_ + "/none").error().kind, ErrorKind::kNotFound);
}

TEST_F(KeyFileTest, SaysWhereItIsWrong) {
  const std::string hash(64, 'a');
  EXPECT_NE(Wrong("{\"keys\": [").find(path_ + ":"), std::string::npos);
  EXPECT_NE(Wrong("{\"kesy\": []}").find("Did you mean 'keys'?"), std::string::npos);
  EXPECT_NE(Wrong("keys: {a: b}").find("list"), std::string::npos);
  EXPECT_NE(Wrong("keys: [{name: a}]").find("'sha256'"), std::string::npos);
  EXPECT_NE(Wrong("keys: [{name: a, sha256: secret}]").find("64 hexadecimal"), std::string::npos);
  EXPECT_EQ(Wrong("keys: [{name: a, sha256: my-secret}]").find("my-secret"), std::string::npos);
  EXPECT_NE(Wrong("keys: [{name: a, sha256: " + hash + "}, {name: b, sha256: " + hash + "}]").find("twice"),
            std::string::npos);
  EXPECT_NE(Wrong("keys: [{name: a, sha256: " + hash + ", expires: soon}]").find("in UTC"), std::string::npos);
  EXPECT_NE(Wrong("keys: [{name: a, sha256: " + hash + ", limits: {rows: 0}}]").find("rows"), std::string::npos);
  EXPECT_NE(Wrong("keys: [{name: a, sha256: " + hash + ", limits: {memory: much}}]").find("100MB"), std::string::npos);
  EXPECT_NE(Wrong("keys: [{name: a, sha256: " + hash + ", limits: {time: 5}}]").find("30s"), std::string::npos);
  EXPECT_NE(Wrong("\xff").find("UTF-8"), std::string::npos);
}

TEST_F(KeyFileTest, KeysAreRandom) {
  const auto key = MakeApiKey();
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->size(), 6 + 43u);
  EXPECT_TRUE(key->starts_with("eider_"));
  EXPECT_NE(*key, *MakeApiKey());
}

}  // namespace
}  // namespace eider
