#include "engine/cell_text.h"

#include <array>
#include <cstring>

namespace eider {
namespace {

char* WriteTwoDigits(unsigned value, char* out) {
  static constexpr auto kDigits = [] {
    std::array<char, 200> digits{};
    for (unsigned i = 0; i < 100; ++i) {
      digits[2 * i] = static_cast<char>('0' + i / 10);
      digits[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return digits;
  }();
  std::memcpy(out, &kDigits[2 * value], 2);
  return out + 2;
}

// With zeros in front, to `size` digits.
char* WritePadded(std::uint64_t value, int size, char* out) {
  for (int i = size - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + size;
}

// GCC's and Clang's vectors: SSE2 or NEON, whatever the machine has.
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));

Bytes16 Make(std::uint64_t low, std::uint64_t high) {
  const std::array<std::uint64_t, 2> halves = {low, high};
  Bytes16 bytes;
  std::memcpy(&bytes, halves.data(), sizeof bytes);
  return bytes;
}

template <class Word>
Word Load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

template <class Word>
void Store(Word word, char* at) {
  std::memcpy(at, &word, sizeof word);
}

bool NeedsQuotes(Bytes16 bytes, char delimiter) {
  // '"' and '#' differ in their lowest bit.
  const auto found = ((bytes | 1) == '#') | (bytes == '\n') | (bytes == '\r') | (bytes == std::uint8_t(delimiter));
  std::array<std::uint64_t, 2> halves;
  std::memcpy(halves.data(), &found, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// Copies the text while it looks for what needs quotes; false once that is found. Texts shorter than a vector are two
// words that overlap.
bool CopyPlain(const char* text, std::size_t size, char delimiter, char* out) {
  if (size >= 16) {
    const std::size_t last = size - 16;
    for (std::size_t i = 0; i < last; i += 16) {
      const auto bytes = Load<Bytes16>(text + i);
      if (NeedsQuotes(bytes, delimiter)) return false;
      Store(bytes, out + i);
    }
    const auto bytes = Load<Bytes16>(text + last);
    Store(bytes, out + last);
    return !NeedsQuotes(bytes, delimiter);
  }
  if (size >= 8) {
    const auto low = Load<std::uint64_t>(text);
    const auto high = Load<std::uint64_t>(text + size - 8);
    Store(low, out);
    Store(high, out + size - 8);
    return !NeedsQuotes(Make(low, high), delimiter);
  }
  if (size >= 4) {
    const auto low = Load<std::uint32_t>(text);
    const auto high = Load<std::uint32_t>(text + size - 4);
    Store(low, out);
    Store(high, out + size - 4);
    return !NeedsQuotes(Make(low, high), delimiter);
  }
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = text[i];
    bytes = bytes << 8 | static_cast<std::uint8_t>(text[i]);
  }
  return !NeedsQuotes(Make(bytes, 0), delimiter);
}

char* WriteQuoted(std::string_view text, char* out) {
  *out++ = '"';
  for (const char c : text) {
    if (c == '"') *out++ = '"';
    *out++ = c;
  }
  *out++ = '"';
  return out;
}

}  // namespace

char* WriteBoolean(bool value, char* out) {
  const std::string_view word = value ? "true" : "false";
  std::memcpy(out, word.data(), word.size());
  return out + word.size();
}

char* WriteDecimal(std::int64_t value, int width, int scale, char* out) {
  if (scale == 0) return WriteInteger(value, out);
  auto size = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  std::uint64_t power = 1;
  for (int i = 0; i < scale; ++i) power *= 10;
  if (width > scale) out = WriteInteger(size / power, out);
  *out++ = '.';
  return WritePadded(size % power, scale, out);
}

// Howard Hinnant's civil_from_days, http://howardhinnant.github.io/date_algorithms.html, with its years from March.
char* WriteDate(std::int64_t days, char* out) {
  const auto shifted = static_cast<std::uint32_t>(days + 719'468);  // since 0000-03-01; not negative from kFirstDay on
  const std::uint32_t era = shifted / 146'097;
  const std::uint32_t day_of_era = shifted - era * 146'097;
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t from_march = (5 * day_of_year + 2) / 153;
  const std::uint32_t day = day_of_year - (153 * from_march + 2) / 5 + 1;
  const std::uint32_t month = from_march < 10 ? from_march + 3 : from_march - 9;
  const std::uint32_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  out = WriteTwoDigits(year % 100, WriteTwoDigits(year / 100, out));
  *out++ = '-';
  out = WriteTwoDigits(month, out);
  *out++ = '-';
  return WriteTwoDigits(day, out);
}

char* WriteTimestamp(std::int64_t micros, char* out) {
  std::int64_t days = micros / kMicrosPerDay;
  std::int64_t of_day = micros % kMicrosPerDay;
  if (of_day < 0) {
    of_day += kMicrosPerDay;
    --days;
  }
  const auto seconds = static_cast<std::uint32_t>(of_day / 1'000'000);
  auto fraction = static_cast<std::uint32_t>(of_day % 1'000'000);
  out = WriteDate(days, out);
  *out++ = ' ';
  out = WriteTwoDigits(seconds / 3'600, out);
  *out++ = ':';
  out = WriteTwoDigits(seconds / 60 % 60, out);
  *out++ = ':';
  out = WriteTwoDigits(seconds % 60, out);
  if (fraction == 0) return out;
  *out++ = '.';
  int digits = 6;
  for (; fraction % 10 == 0; fraction /= 10) --digits;
  return WritePadded(fraction, digits, out);
}

char* WriteField(std::string_view text, char delimiter, char* out) {
  if (!text.empty() && CopyPlain(text.data(), text.size(), delimiter, out)) return out + text.size();
  return WriteQuoted(text, out);
}

}  // namespace eider
