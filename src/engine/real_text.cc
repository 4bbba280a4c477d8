#include "engine/real_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <string_view>

#include "engine/cell_text.h"

namespace eider {
namespace {

// Where DuckDB turns to an exponent: from 10^16 on, and below 10^-4.
constexpr int kMostPlaces = 16;  // before the point
constexpr int kMostZeros = 3;    // behind it

char* WriteWord(std::string_view word, char* out) {
  std::memcpy(out, word.data(), word.size());
  return out + word.size();
}

// Two digits at least.
char* WriteExponent(int exponent, char* out) {
  *out++ = 'e';
  *out++ = exponent < 0 ? '-' : '+';
  const auto size = static_cast<unsigned>(std::abs(exponent));
  if (size < 10) *out++ = '0';
  return WriteInteger(size, out);
}

// number * 10^exponent; the number has no zeros at its end.
char* WriteDecimalDigits(std::uint64_t number, int exponent, char* out) {
  char* const digits = out + 1;  // so that only what is before the point must move
  char* const end = WriteInteger(number, digits);
  const auto count = static_cast<std::size_t>(end - digits);
  const int places = static_cast<int>(count) + exponent;  // before the point
  if (places > kMostPlaces || places < -kMostZeros) {
    out[0] = digits[0];
    digits[0] = '.';
    return WriteExponent(places - 1, count > 1 ? end : digits);
  }
  if (exponent >= 0) {
    std::memmove(out, digits, count);
    std::memset(out + count, '0', static_cast<std::size_t>(exponent));
    return WriteWord(".0", out + places);
  }
  if (places > 0) {
    std::memmove(out, digits, static_cast<std::size_t>(places));
    out[places] = '.';
    return end;
  }
  std::memmove(out + 2 - places, digits, count);
  std::memcpy(out, "0.000", static_cast<std::size_t>(2 - places));
  return end + 1 - places;
}

template <class Real>
std::size_t Write(Real value, char* const begin) {
  char* out = begin;
  *out = '-';
  out += std::signbit(value);
  const Real size = std::fabs(value);
  if (size == 0) {
    out = WriteWord("0.0", out);
  } else if (std::isfinite(size)) {
    const auto shortest = fmt::detail::dragonbox::to_decimal(size);
    out = WriteDecimalDigits(shortest.significand, shortest.exponent, out);
  } else {
    out = WriteWord(std::isnan(size) ? "nan" : "inf", out);
  }
  return static_cast<std::size_t>(out - begin);
}

}  // namespace

std::size_t WriteReal(double value, char* out) { return Write(value, out); }
std::size_t WriteReal(float value, char* out) { return Write(value, out); }

}  // namespace eider
