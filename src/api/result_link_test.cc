#include "api/result_link.h"

#include <gtest/gtest.h>

#include "object/memory_store.h"

namespace eider {
namespace {

WallTime At(std::string_view text) { return *ParseRfc3339(text); }

TEST(ResultLinkTest, NamesAreNamesAndNothingElse) {
  const auto name = ParseInto("results/late_2001-02.parquet");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->stem, "late_2001-02");
  EXPECT_EQ(name->format, Format::kParquet);
  for (const char* into : {"",
                           "late.csv",
                           "results",
                           "results/",
                           "results/late",
                           "results/late.",
                           "results/.csv",
                           "results/late.gz",
                           "results/late.csv.gz",
                           "results/a.b.csv",
                           "results/../late.csv",
                           "results/..csv",
                           "results//late.csv",
                           "results/a/late.csv",
                           "results/late%2ecsv",
                           "results/%2e%2e.csv",
                           "/results/late.csv",
                           "Results/late.csv",
                           "results/l\xC3\xA4te.csv",
                           "results/late .csv",
                           "results/late.csv ",
                           "results/late.geojson",
                           "results/a\\b.csv"}) {
    const auto wrong = ParseInto(into);
    ASSERT_FALSE(wrong.ok()) << into;
    EXPECT_EQ(wrong.error().parameter, "into");
    EXPECT_NE(wrong.error().message.find("results/NAME.FORMAT"), std::string::npos);
  }
  EXPECT_TRUE(ParseInto("results/" + std::string(100, 'a') + ".csv").ok());
  EXPECT_FALSE(ParseInto("results/" + std::string(101, 'a') + ".csv").ok());
}

TEST(ResultLinkTest, APathIsReadAsItWasWritten) {
  const ResultLink made = MakeResultLink({"late", Format::kCsv}, At("2026-11-29T01:02:03.987Z"), "0123456789ab");
  EXPECT_TRUE(made.id.starts_with("20261129T010203Z-0123456789ab-")) << made.id;
  EXPECT_EQ(made.Key(), "_results/" + made.id + "/late.csv");
  const auto read = ParseResultPath(made.Path());
  ASSERT_TRUE(read.has_value()) << made.Path();
  EXPECT_EQ(read->Key(), made.Key());
  EXPECT_EQ(read->owner, "0123456789ab");
  EXPECT_EQ(read->kept_until, At("2026-11-29T01:02:03Z"));
  EXPECT_EQ(ParseResultPath(MakeResultLink({"a", Format::kJson}, made.kept_until, "").Path())->owner, "");
  EXPECT_NE(MakeResultLink({"a", Format::kJson}, made.kept_until, "").id,
            MakeResultLink({"a", Format::kJson}, made.kept_until, "").id);
}

TEST(ResultLinkTest, NoOtherPathIsOne) {
  const std::string id = "20261129T010203Z-open-0123456789abcdef0123456789abcdef";
  ASSERT_TRUE(ParseResultPath("/results/" + id + "/a.csv").has_value());
  for (const std::string& path : std::vector<std::string>{
           "/results/", "/results/a.csv", "/results/" + id, "/results/" + id + "/", "/results/" + id + "/../a.csv",
           "/results/" + id + "/a.csv/", "/results/" + id + "//a.csv", "/results/../" + id + "/a.csv",
           "/results/" + id + "/%2e%2e%2fa.csv", "/results/" + id + "%2fa.csv", "/results/" + id + "/a.csv?x",
           "/results/" + id + "0/a.csv", "/results/" + id.substr(0, id.size() - 1) + "/a.csv",
           "/results/20261329T010203Z-open-0123456789abcdef0123456789abcdef/a.csv",
           "/results/20261129T010203Z-..-0123456789abcdef0123456789abcdef/a.csv",
           "/results/20261129T010203Z--0123456789abcdef0123456789abcdef/a.csv",
           "/results/20261129T010203Z-open-0123456789ABCDEF0123456789abcdef/a.csv",
           "/results/20261129T010203Z-open-x/0123456789abcdef0123456789abcdef/a.csv"}) {
    EXPECT_FALSE(ParseResultPath(path).has_value()) << path;
  }
}

TEST(ResultLinkTest, WhatHasEndedIsRemovedAnHourLater) {
  MemoryStore store;
  const std::string tail = "Z-open-0123456789abcdef0123456789abcdef/a.csv";
  const std::vector<std::string> kept = {"_results/20261129T000001" + tail,
                                         "_results/20261201T000000" + tail,
                                         "_results/notes.csv",
                                         "_results/20200101T000000Z/a.csv",
                                         "results/a.csv",
                                         "flights/a.csv"};
  const std::vector<std::string> ended = {"_results/20200101T000000" + tail, "_results/20261129T000000" + tail};
  for (const auto* keys : {&kept, &ended}) {
    for (const std::string& key : *keys) ASSERT_TRUE(store.Put(key, std::string_view("a\n")).ok());
  }
  ASSERT_TRUE(RemoveEndedResults(store, At("2026-11-29T01:00:00Z")).ok());
  for (const std::string& key : kept) EXPECT_TRUE(store.Head(key).ok()) << key;
  for (const std::string& key : ended) EXPECT_FALSE(store.Head(key).ok()) << key;
}

}  // namespace
}  // namespace eider
