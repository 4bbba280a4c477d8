#include "cli/shell.h"

#include <gtest/gtest.h>

#include "cli/line_editor.h"

namespace eider {
namespace {

TEST(ShellTest, ASemicolonEndsAStatementWhereItIsOne) {
  for (const char* text : {"SELECT 1;", "SELECT 1 ; ", "SELECT ';';", "SELECT 1; -- done", "SELECT 'it''s';",
                           "SELECT 1 /* ; */;", "SELECT \"a;b\" FROM t;", "-- a; b\nSELECT 1;\n"}) {
    EXPECT_TRUE(EndsStatement(text)) << text;
  }
  for (const char* text : {"SELECT 1", "", "SELECT ';'", "SELECT ';", "-- SELECT 1;", "SELECT 1 /* ;",
                           "SELECT 1; SELECT", "SELECT 'a;\n'", "SELECT \"a;"}) {
    EXPECT_FALSE(EndsStatement(text)) << text;
  }
}

TEST(ShellTest, TheLastWordIsWhatANameMayHave) {
  EXPECT_EQ(LastWord("SELECT orig"), 7u);
  EXPECT_EQ(LastWord("SELECT avg(del"), 11u);
  EXPECT_EQ(LastWord("FROM zip-codes"), 5u);
  EXPECT_EQ(LastWord("SELECT "), 7u);
  EXPECT_EQ(LastWord(".desc"), 0u);
  EXPECT_EQ(LastWord(""), 0u);
}

}  // namespace
}  // namespace eider
