#include "base/text_place.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(TextPlaceTest, ShowsTheLineAndACaret) {
  EXPECT_EQ(AtPlace("SELECT 1\nFRM x", 9, "wrong"), "line 2, column 1: wrong\n\n  FRM x\n  ^");
  EXPECT_EQ(AtPlace("SELECT\t'é', y\r\nFROM x", 13, "wrong"),
            "line 1, column 13: wrong\n\n  SELECT 'é', y\n              ^");
  EXPECT_EQ(AtPlace("SELECT", 6, "ends"), "line 1, column 7: ends\n\n  SELECT\n        ^");
  EXPECT_EQ(AtPlace("", 0, "empty"), "line 1, column 1: empty\n\n  \n  ^");
  EXPECT_EQ(AtPlace("SELECT", 7, "beyond"), "beyond");
}

TEST(TextPlaceTest, CutsALongLine) {
  const std::string text = std::string(1000, 'a') + "X" + std::string(1000, 'b');
  const std::string place = AtPlace(text, 1000, "m");
  EXPECT_EQ(place, "line 1, column 1001: m\n\n  …" + std::string(50, 'a') + "X" + std::string(49, 'b') + "…\n  " +
                       std::string(51, ' ') + "^");
}

}  // namespace
}  // namespace eider
