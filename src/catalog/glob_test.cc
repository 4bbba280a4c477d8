#include "catalog/glob.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(GlobTest, MatchesWithinSegments) {
  EXPECT_TRUE(GlobMatches("a/*.parquet", "a/b.parquet"));
  EXPECT_TRUE(GlobMatches("a/*.parquet", "a/.parquet") == false);
  EXPECT_FALSE(GlobMatches("a/*.parquet", "a/b/c.parquet"));
  EXPECT_TRUE(GlobMatches("f-200?.csv", "f-2001.csv"));
  EXPECT_FALSE(GlobMatches("f-200?.csv", "f-200.csv"));
  EXPECT_TRUE(GlobMatches("*a*b*", "xaxxbx"));
  EXPECT_FALSE(GlobMatches("*a*b", "xaxxbx"));
  EXPECT_TRUE(GlobMatches("a", "a"));
  EXPECT_FALSE(GlobMatches("a", "ab"));
}

TEST(GlobTest, MatchesSetsAndAlternatives) {
  EXPECT_TRUE(GlobMatches("f[0-9a].csv", "f7.csv"));
  EXPECT_TRUE(GlobMatches("f[0-9a].csv", "fa.csv"));
  EXPECT_FALSE(GlobMatches("f[!0-9].csv", "f7.csv"));
  EXPECT_TRUE(GlobMatches("f[]x].csv", "f].csv"));
  EXPECT_TRUE(GlobMatches("f[a-].csv", "f-.csv"));
  EXPECT_TRUE(GlobMatches("{a,b/c}/*.csv", "b/c/x.csv"));
  EXPECT_TRUE(GlobMatches("{a,b}-{1,2}", "b-1"));
  EXPECT_FALSE(GlobMatches("{a,b}-{1,2}", "c-1"));
}

TEST(GlobTest, TwoStarsMatchAnyFolders) {
  EXPECT_TRUE(GlobMatches("a/**/*.parquet", "a/b.parquet"));
  EXPECT_TRUE(GlobMatches("a/**/*.parquet", "a/x/y/b.parquet"));
  EXPECT_TRUE(GlobMatches("**", "a/b/c"));
  EXPECT_TRUE(GlobMatches("a/**", "a/b/c"));
  EXPECT_FALSE(GlobMatches("a/**/*.parquet", "b/x.parquet"));
  EXPECT_FALSE(GlobMatches("a/**/x/*.csv", "a/x.csv"));
}

TEST(GlobTest, WildcardsLeaveWritersFilesAlone) {
  EXPECT_FALSE(GlobMatches("a/*", "a/_SUCCESS"));
  EXPECT_FALSE(GlobMatches("a/**/*.parquet", "a/_temporary/0.parquet"));
  EXPECT_FALSE(GlobMatches("a/**", "a/.git/x"));
  EXPECT_TRUE(GlobMatches("a/_*.csv", "a/_x.csv"));
}

TEST(GlobTest, SaysThatItAsksForHiddenNames) {
  for (const char* glob : {"_x/*", "a/_*.csv", "{a,_b}/x", "a/.git/**"}) EXPECT_TRUE(GlobNamesHidden(glob)) << glob;
  for (const char* glob : {"*", "**/*", "[_]x/*", "a_b/*{.csv,_x.csv}", "?_/x"})
    EXPECT_FALSE(GlobNamesHidden(glob)) << glob;
}

TEST(GlobTest, ManyStarsTakeBoundedTime) {
  EXPECT_FALSE(GlobMatches(std::string(40, '*') + "a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST(GlobTest, ListsOnlyWhatCanMatch) {
  EXPECT_EQ(GlobPrefix("flights/year=200*/x.parquet"), "flights/year=200");
  EXPECT_EQ(GlobPrefix("flights/a.parquet"), "flights/a.parquet");
  EXPECT_TRUE(GlobIsRecursive("a/**"));
  EXPECT_TRUE(GlobIsRecursive("a/*/b"));
  EXPECT_FALSE(GlobIsRecursive("a/*.csv"));
  EXPECT_FALSE(GlobIsRecursive("a/b.csv"));
  EXPECT_TRUE(GlobIsRecursive("{a/b,c}.csv"));
}

TEST(GlobTest, RefusesWhatLeavesTheLakeOrIsNotClosed) {
  for (const char* glob : {"", "/etc/*", "../x", "a/../b", "a/./b", "a//b", "a/", "a/[b", "a/{b", "a/b}", "a**/b",
                           "{a,..}/b", "{{a,b},c}"}) {
    EXPECT_FALSE(CheckGlob(glob).ok()) << glob;
  }
  for (const char* glob : {"*", "a/**/*.parquet", "f[]x].csv", "{a,b}/c"}) EXPECT_TRUE(CheckGlob(glob).ok()) << glob;
}

}  // namespace
}  // namespace eider
