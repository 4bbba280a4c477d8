#include "cli/configuration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace eider {
namespace {

TEST(ConfigurationTest, TheYamlItself) {
  for (const char* yaml : {"datasets:\n  a:\n    glob: b/*.csv\n", "{lake: {title: x}}", " {}"}) {
    const auto read = ReadConfiguration(yaml, {});
    ASSERT_TRUE(read.ok()) << yaml;
    EXPECT_EQ(read->yaml, yaml);
    EXPECT_EQ(read->model_store, nullptr);
  }
}

TEST(ConfigurationTest, AFileWithWhatLiesBesideIt) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "configuration_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "eider.yaml") << "lake: {title: x}";
  const auto read = ReadConfiguration((folder / "eider.yaml").string(), {});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->yaml, "lake: {title: x}");
  ASSERT_NE(read->model_store, nullptr);
  EXPECT_TRUE(read->model_store->Head("eider.yaml").ok());
  std::filesystem::remove_all(folder);
}

TEST(ConfigurationTest, WhatIsNotThereIsNamed) {
  const auto read = ReadConfiguration("no/such.yaml", {});
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(read.error().message.find("'no/such.yaml'"), std::string::npos);
}

}  // namespace
}  // namespace eider
