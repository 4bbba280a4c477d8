#include "catalog/dependency_order.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace eider {
namespace {

std::string Names(const ReadsByName& reads) { return Join(OrderByReads(reads).names, " "); }

std::string Rings(const ReadsByName& reads) {
  std::vector<std::string> texts;
  for (const auto& ring : OrderByReads(reads).rings) texts.push_back(RingText(ring));
  return Join(texts, "; ");
}

TEST(DependencyOrderTest, EachStandsBehindWhatItReads) {
  EXPECT_EQ(Names({{"a", {"c", "file"}}, {"b", {"a"}}, {"c", {}}, {"d", {}}}), "c a b d");
  EXPECT_EQ(Names({}), "");
}

TEST(DependencyOrderTest, ARingIsNamedFromItsFirstBackToIt) {
  EXPECT_EQ(Rings({{"a", {"a"}}}), "a -> a");
  EXPECT_EQ(Rings({{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}), "a -> b -> c -> a");
  EXPECT_EQ(Rings({{"a", {"b"}}, {"b", {"a"}}, {"x", {"y"}}, {"y", {"x"}}}), "a -> b -> a; x -> y -> x");
}

TEST(DependencyOrderTest, WhatOnlyReadsARingIsInNone) {
  const ReadsByName reads = {{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}, {"d", {}}};
  EXPECT_EQ(Rings(reads), "b -> c -> b");
  EXPECT_EQ(Names(reads), "d a");
}

TEST(DependencyOrderTest, ALongChainIsNoDeepCall) {
  ReadsByName reads;
  for (int i = 1; i < 200'000; ++i) reads[std::to_string(i)] = {std::to_string(i - 1)};
  EXPECT_EQ(OrderByReads(reads).names.size(), 199'999u);
}

}  // namespace
}  // namespace eider
