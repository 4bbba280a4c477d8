// The text of single values, byte for byte as DuckDB casts them to VARCHAR. Each writes at `out` and answers the end.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace eider {

// Enough for any of these but WriteField.
inline constexpr std::size_t kCellBytes = 40;

template <class Integer>
char* WriteInteger(Integer value, char* out) {
  return std::to_chars(out, out + kCellBytes, value).ptr;
}

// "true", "false".
char* WriteBoolean(bool value, char* out);

// `value` / 10^scale of a DECIMAL(width, scale): "-1.50", or "-.50" where the width has no place for a zero.
char* WriteDecimal(std::int64_t value, int width, int scale, char* out);

// Years of four digits only, where a date's text is plain: 0001-01-01 to 9999-12-31, in days since 1970.
inline constexpr std::int64_t kFirstDay = -719'162;
inline constexpr std::int64_t kLastDay = 2'932'896;
// 1600-01-01: ICU, which writes TIMESTAMP WITH TIME ZONE, counts older days by the Julian calendar.
inline constexpr std::int64_t kFirstGregorianDay = -135'140;
inline constexpr std::int64_t kMicrosPerDay = 86'400'000'000;

// "2001-02-03".
char* WriteDate(std::int64_t days, char* out);
// "2001-02-03 04:05:06.5": microseconds since 1970, the fraction without its last zeros.
char* WriteTimestamp(std::int64_t micros, char* out);

// What WriteField may write beyond twice the text's size.
inline constexpr std::size_t kFieldSlackBytes = 16;

// A field of a CSV: as it is, or in quotes, with the quotes inside it doubled, if it is empty or holds the delimiter, a
// quote, a line's end or '#', which DuckDB's reader takes for a comment.
char* WriteField(std::string_view text, char delimiter, char* out);

}  // namespace eider
