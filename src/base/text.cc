#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace eider {
namespace {

// Optimal string alignment: insert, delete, replace, and swap of two neighbours count one each.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string lower = ToLower(word);
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = EditDistance(lower, ToLower(candidate));
    const std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    if (distance <= allowed && (!best || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto nearest = Nearest(word, candidates);
  return nearest ? fmt::format(" Did you mean '{}'?", *nearest) : std::string();
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string PercentEncode(std::string_view text, bool keep_slash) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c) || (keep_slash && c == '/')) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<WeightedItem> ParseWeightedList(std::string_view header) {
  std::vector<WeightedItem> items;
  for (const std::string& part : Split(header, ',')) {
    const auto parameters = Split(part, ';');
    WeightedItem item{ToLower(Trim(parameters[0])), 1};
    if (item.name.empty()) continue;
    for (std::size_t i = 1; i < parameters.size(); ++i) {
      const std::string parameter = ToLower(Trim(parameters[i]));
      if (parameter.starts_with("q=")) item.weight = std::clamp(std::strtod(parameter.c_str() + 2, nullptr), 0.0, 1.0);
    }
    items.push_back(std::move(item));
  }
  return items;
}

std::optional<std::uint64_t> ParseUint(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool IsCleanUtf8(std::string_view text) {
  // Bounds of RFC 3629, table 3-7 of the Unicode standard: no overlong forms, no surrogates, at most U+10FFFF.
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  const auto tail = [&](unsigned char low, unsigned char high) {
    return p != end && *p >= low && *p <= high && (++p, true);
  };
  while (p != end) {
    const unsigned char lead = *p++;
    if (lead == 0) return false;
    if (lead < 0x80) continue;
    if (lead >= 0xC2 && lead <= 0xDF) {
      if (!tail(0x80, 0xBF)) return false;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      if (!tail(lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) || !tail(0x80, 0xBF)) return false;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      if (!tail(lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF)) return false;
      if (!tail(0x80, 0xBF) || !tail(0x80, 0xBF)) return false;
    } else {
      return false;
    }
  }
  return true;
}

std::string HumanBytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::optional<std::uint64_t> ParseByteCount(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.')) ++digits;
  if (digits == 0) return std::nullopt;
  const std::string number(text.substr(0, digits));
  char* end = nullptr;
  const double amount = std::strtod(number.c_str(), &end);
  if (end != number.c_str() + number.size()) return std::nullopt;
  std::string unit = ToLower(text.substr(digits));
  unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size() : unit.find_first_not_of(' '));
  static const std::array<std::pair<const char*, double>, 14> kUnits = {{{"", 1},
                                                                         {"b", 1},
                                                                         {"k", 1e3},
                                                                         {"kb", 1e3},
                                                                         {"kib", 1024.0},
                                                                         {"m", 1e6},
                                                                         {"mb", 1e6},
                                                                         {"mib", 1048576.0},
                                                                         {"g", 1e9},
                                                                         {"gb", 1e9},
                                                                         {"gib", 1073741824.0},
                                                                         {"t", 1e12},
                                                                         {"tb", 1e12},
                                                                         {"tib", 1099511627776.0}}};
  for (const auto& [name, factor] : kUnits) {
    if (unit == name) {
      const double bytes = std::round(amount * factor);
      if (!(bytes >= 0) || bytes > 9e18) return std::nullopt;
      return static_cast<std::uint64_t>(bytes);
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> ParseDuration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto count = ParseUint(text.substr(0, text.size() - 1));
  if (!count || *count > 1'000'000) return std::nullopt;
  const auto seconds = static_cast<std::int64_t>(*count);
  switch (text.back()) {
    case 's': return std::chrono::seconds(seconds);
    case 'm': return std::chrono::minutes(seconds);
    case 'h': return std::chrono::hours(seconds);
    case 'd': return std::chrono::days(seconds);
    default: return std::nullopt;
  }
}

}  // namespace eider
