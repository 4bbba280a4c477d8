#include "engine/cell_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <random>
#include <string>

namespace eider {
namespace {

template <class Write>
std::string Text(Write write) {
  char text[kCellBytes];
  return {text, write(text)};
}
std::string Date(std::int64_t days) {
  return Text([=](char* out) { return WriteDate(days, out); });
}
std::string Timestamp(std::int64_t micros) {
  return Text([=](char* out) { return WriteTimestamp(micros, out); });
}
std::string Decimal(std::int64_t value, int width, int scale) {
  return Text([=](char* out) { return WriteDecimal(value, width, scale, out); });
}
std::string Field(const std::string& text, char delimiter = ',') {
  std::string field(2 * text.size() + kFieldSlackBytes, '?');
  field.resize(static_cast<std::size_t>(WriteField(text, delimiter, field.data()) - field.data()));
  return field;
}

TEST(CellTextTest, EveryDayIsTheCalendars) {
  for (std::int64_t days = kFirstDay; days <= kLastDay; ++days) {
    const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{days}}};
    char expected[16];
    std::snprintf(expected, sizeof expected, "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    ASSERT_EQ(Date(days), expected);
  }
  EXPECT_EQ(Date(kFirstDay), "0001-01-01");
  EXPECT_EQ(Date(kLastDay), "9999-12-31");
  EXPECT_EQ(Date(kFirstGregorianDay), "1600-01-01");
}

TEST(CellTextTest, FractionsLoseTheirLastZeros) {
  EXPECT_EQ(Timestamp(0), "1970-01-01 00:00:00");
  EXPECT_EQ(Timestamp(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(Timestamp(-kMicrosPerDay), "1969-12-31 00:00:00");
  EXPECT_EQ(Timestamp(1'000), "1970-01-01 00:00:00.001");
  EXPECT_EQ(Timestamp(3'723'400'000), "1970-01-01 01:02:03.4");
  EXPECT_EQ(Timestamp((kLastDay + 1) * kMicrosPerDay - 1), "9999-12-31 23:59:59.999999");
}

TEST(CellTextTest, DecimalsKeepTheirZeros) {
  EXPECT_EQ(Decimal(-5, 4, 2), "-0.05");
  EXPECT_EQ(Decimal(150, 4, 2), "1.50");
  EXPECT_EQ(Decimal(7, 4, 0), "7");
  EXPECT_EQ(Decimal(-5, 2, 2), "-.05");
  EXPECT_EQ(Decimal(-999'999'999'999'999'999, 18, 17), "-9.99999999999999999");
}

TEST(CellTextTest, FieldsAreQuotedWhereAnyByteNeedsIt) {
  EXPECT_EQ(Field(""), "\"\"");
  EXPECT_EQ(Field("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(Field("a\tb"), "a\tb");
  EXPECT_EQ(Field("a\tb", '\t'), "\"a\tb\"");
  EXPECT_EQ(Field("a,b", '\t'), "a,b");
  for (std::size_t size = 1; size < 70; ++size) {
    const std::string plain(size, 'x');
    EXPECT_EQ(Field(plain), plain);
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = plain;
        text[at] = static_cast<char>(byte);
        std::string expected = text;
        if (std::string_view("\n\r#,\"").find(text[at]) != std::string_view::npos) {
          if (byte == '"') expected.insert(at, 1, '"');
          expected = '"' + expected + '"';
        }
        ASSERT_EQ(Field(text), expected) << size << ' ' << at << ' ' << byte;
      }
    }
  }
}

}  // namespace
}  // namespace eider
