#include "engine/xlsx_text.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(XlsxTextTest, TextsSurviveXml) {
  EXPECT_EQ(EscapeCellText("plain é 🦆\t\n"), "plain é 🦆\t\n");
  EXPECT_EQ(EscapeCellText(std::string_view("a\0b\x01\r\n", 6)), "a_x0000_b_x0001__x000D_\n");
  EXPECT_EQ(EscapeCellText("_x0041_ _x004_"), "_x005F_x0041_ _x004_");
  EXPECT_EQ(EscapeCellText("\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD"), "_xFFFE__xFFFF_\xEF\xBF\xBD");
}

}  // namespace
}  // namespace eider
