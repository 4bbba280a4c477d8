#include "engine/real_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace eider {
namespace {

template <class Real>
std::size_t Write(Real value, char* out) {
  if (!std::isfinite(value)) {
    const std::string_view word = std::isnan(value) ? (std::signbit(value) ? "-nan" : "nan")
                                  : value > 0       ? "inf"
                                                    : "-inf";
    std::memcpy(out, word.data(), word.size());
    return word.size();
  }
  // Where DuckDB's writer turns to an exponent.
  constexpr Real kLeast = static_cast<Real>(1e-4);
  constexpr Real kBeyond = static_cast<Real>(1e16);
  const Real size = std::fabs(value);
  const bool fixed = size == 0 || (size >= kLeast && size < kBeyond);
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  char* end = std::to_chars(out, out + kRealTextBytes, value, format).ptr;
  if (fixed && std::find(out, end, '.') == end) {
    *end++ = '.';
    *end++ = '0';
  }
  return static_cast<std::size_t>(end - out);
}

}  // namespace

std::size_t WriteReal(double value, char* out) { return Write(value, out); }
std::size_t WriteReal(float value, char* out) { return Write(value, out); }

}  // namespace eider
