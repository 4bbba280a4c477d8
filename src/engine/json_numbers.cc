#include "engine/json_numbers.h"

#include <array>

namespace eider {

bool QuoteNonFinite(std::string_view rows, std::string& quoted) {
  // Most texts hold neither word; the library's search passes them at memory speed.
  if (rows.find("NaN") == std::string_view::npos && rows.find("Infinity") == std::string_view::npos) return false;
  static constexpr std::array<std::string_view, 3> kWords = {"NaN", "Infinity", "-Infinity"};
  quoted.clear();
  bool in_string = false;
  bool changed = false;
  for (std::size_t i = 0; i < rows.size();) {
    const char c = rows[i];
    if (in_string) {
      const std::size_t used = c == '\\' ? 2 : 1;
      quoted += rows.substr(i, used);
      in_string = c != '"';
      i += used;
      continue;
    }
    bool replaced = false;
    if (c == 'N' || c == 'I' || c == '-') {
      for (const std::string_view word : kWords) {
        if (rows.substr(i, word.size()) != word) continue;
        quoted += '"';
        quoted += word;
        quoted += '"';
        i += word.size();
        replaced = changed = true;
        break;
      }
    }
    if (replaced) continue;
    in_string = c == '"';
    quoted += c;
    ++i;
  }
  return changed;
}

}  // namespace eider
