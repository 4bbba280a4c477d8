#include "base/text_place.h"

#include <fmt/format.h>

#include <algorithm>

namespace eider {
namespace {

// Of the line, before and after the place: together within a terminal's 120 columns.
constexpr std::size_t kShownBytes = 50;

bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return !Continues(byte); }));
}

}  // namespace

std::string AtPlace(std::string_view text, std::size_t offset, std::string_view message) {
  if (offset > text.size()) return std::string(message);
  const std::size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t end = std::min(text.find_first_of("\r\n", offset), text.size());
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
  const std::size_t column = 1 + Characters(text.substr(begin, offset - begin));

  std::size_t from = offset - std::min(offset - begin, kShownBytes);
  while (from < offset && Continues(text[from])) ++from;
  std::size_t to = std::min(end, offset + kShownBytes);
  while (to < end && Continues(text[to])) ++to;
  std::string shown(text.substr(from, to - from));
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  const std::string before = from > begin ? "…" : "";
  const std::string after = to < end ? "…" : "";
  const std::size_t indent = Characters(before) + Characters(text.substr(from, offset - from));
  return fmt::format("line {}, column {}: {}\n\n  {}{}{}\n  {}^", line, column, message, before, shown, after,
                     std::string(indent, ' '));
}

}  // namespace eider
