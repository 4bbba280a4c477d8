#include "api/key_ring.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "base/log.h"

namespace eider {
namespace {

ApiKey KeyOf(const std::string& name, const std::string& secret) {
  ApiKey key;
  key.name = name;
  key.sha256 = Sha256Hex(secret);
  return key;
}

class KeyRingTest : public testing::Test {
 protected:
  void SetUp() override {
    SetLogLevel(LogLevel::kOff);
    std::filesystem::remove(path_);
    ASSERT_TRUE(Change([](auto& keys) { keys.push_back(KeyOf("alice", "a")); }).ok());
  }
  void TearDown() override {
    std::filesystem::remove(path_);
    SetLogLevel(LogLevel::kInfo);
  }
  template <class F>
  Status Change(F change) {
    return ChangeKeyFile(path_, [&](std::vector<ApiKey>& keys) -> Status {
      change(keys);
      return {};
    });
  }
  static std::string NameOf(KeyRing& ring, const std::string& secret) {
    const auto found = ring.Find(secret);
    if (!found) return "error: " + found.error().message;
    return *found ? (*found)->name : "";
  }

  const std::string path_ = testing::TempDir() + "key-ring-test.json";
};

TEST_F(KeyRingTest, KnowsKeysByTheirHash) {
  const auto ring = *KeyRing::Open({KeyOf("carol", "c")}, path_);
  EXPECT_EQ(NameOf(*ring, "a"), "alice");
  EXPECT_EQ(NameOf(*ring, "c"), "carol");
  EXPECT_EQ(NameOf(*ring, "A"), "");
  EXPECT_EQ(NameOf(*ring, ""), "");
  EXPECT_EQ(NameOf(*ring, Sha256Hex("a")), "") << "the hash is no key";
}

TEST_F(KeyRingTest, AChangeOfTheFileCountsAtTheNextLook) {
  const auto ring = *KeyRing::Open({}, path_);
  ASSERT_TRUE(Change([](auto& keys) { keys.push_back(KeyOf("bob", "b")); }).ok());
  EXPECT_EQ(NameOf(*ring, "b"), "bob");
  ASSERT_TRUE(Change([](auto& keys) { keys.erase(keys.begin()); }).ok());
  EXPECT_EQ(NameOf(*ring, "a"), "");
  EXPECT_EQ(NameOf(*ring, "b"), "bob");
}

TEST_F(KeyRingTest, AFileThatCannotBeReadOpensNothing) {
  const auto ring = *KeyRing::Open({KeyOf("carol", "c")}, path_);
  std::ofstream(path_) << "{\"keys\": [";
  EXPECT_TRUE(NameOf(*ring, "a").starts_with("error: API keys cannot be checked"));
  EXPECT_EQ(ring->Find("c").error().kind, ErrorKind::kUnavailable);
  std::filesystem::remove(path_);
  EXPECT_EQ(ring->Find("a").error().kind, ErrorKind::kUnavailable);
  ASSERT_TRUE(Change([](auto& keys) { keys.push_back(KeyOf("alice", "a")); }).ok());
  EXPECT_EQ(NameOf(*ring, "a"), "alice");
}

TEST_F(KeyRingTest, OpensWithoutAFileButNotWithABrokenOne) {
  EXPECT_FALSE((*KeyRing::Open({}))->MayHaveKeys());
  EXPECT_TRUE((*KeyRing::Open({}, path_))->MayHaveKeys());
  std::ofstream(path_) << "keys: 1";
  EXPECT_EQ(KeyRing::Open({}, path_).error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace eider
