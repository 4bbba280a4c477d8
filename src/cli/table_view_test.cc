#include "cli/table_view.h"

#include <gtest/gtest.h>

#include <clocale>

#include "base/text.h"

namespace eider {
namespace {

class TableViewTest : public testing::Test {
 protected:
  TableViewTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  static Table Make(std::vector<std::string> names, std::vector<std::vector<std::optional<std::string>>> rows) {
    Table table;
    for (std::string& name : names) table.columns.push_back({std::move(name), "VARCHAR", TypeClass::kText});
    table.rows = std::move(rows);
    return table;
  }
};

TEST_F(TableViewTest, NumbersStandAtTheRightAndNullIsSaid) {
  Table table = Make({"name", "n"}, {{"Austin", "7"}, {std::nullopt, "1234"}});
  table.columns[1].type_class = TypeClass::kNumber;
  EXPECT_EQ(DrawTable(table, 10, 80),
            "name       n\n"
            "------  ----\n"
            "Austin     7\n"
            "NULL    1234\n");
}

TEST_F(TableViewTest, ACellCannotMoveTheCursor) {
  const Table table = Make({"text"}, {{"a\nb\tc\x1b[31m"}, {std::string("\xff\0", 2)}});
  EXPECT_EQ(DrawTable(table, 10, 80),
            "text\n"
            "-----------------\n"
            "a\\nb\\tc\\u001b[31m\n"
            "\\xff\\x00\n");
}

TEST_F(TableViewTest, WideCharactersTakeTwoCells) {
  const Table table = Make({"city", "x"}, {{"東京", "1"}, {"Köln", "2"}});
  EXPECT_EQ(DrawTable(table, 10, 80),
            "city  x\n"
            "----  -\n"
            "東京  1\n"
            "Köln  2\n");
}

TEST_F(TableViewTest, NoLineIsWiderThanTheTerminal) {
  const Table table = Make({"id", "text", "more"}, {{"1", std::string(200, 'x'), std::string(30, 'y')}});
  EXPECT_EQ(DrawTable(table, 10, 40),
            "id  text               more\n"
            "--  -----------------  -----------------\n"
            "1   xxxxxxxxxxxxxxxx…  yyyyyyyyyyyyyyyy…\n");
}

TEST_F(TableViewTest, ColumnsInTheMiddleAreLeftOutWhereLittleIsLeftOfThem) {
  std::vector<std::string> names;
  std::vector<std::optional<std::string>> row;
  for (int i = 0; i < 20; ++i) {
    names.push_back("column_" + std::to_string(i));
    row.emplace_back("value");
  }
  const std::string text = DrawTable(Make(names, {row}), 10, 40);
  EXPECT_EQ(text,
            "column_0  …  column_1  column_…\n"
            "--------     --------  --------\n"
            "value     …  value     value\n"
            "(3 of 20 columns shown; --format csv or -o FILE for all)\n");
}

TEST_F(TableViewTest, MoreRowsAreTold) {
  const Table table = Make({"n"}, {{"1"}, {"2"}, {"3"}});
  EXPECT_EQ(DrawTable(table, 2, 0), "n\n-\n1\n2\n(2 rows shown; --format csv or -o FILE for all)\n");
}

}  // namespace
}  // namespace eider
