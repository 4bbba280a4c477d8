#include "catalog/glob.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "catalog/keys.h"

namespace eider {
namespace {

constexpr std::string_view kWildcards = "*?[{";

// More alternatives than this are more likely a mistake than a wish.
constexpr std::size_t kMaxAlternatives = 1000;

// Every glob that '{a,b}' stands for. Braces do not nest.
std::vector<std::string> Expand(std::string_view glob) {
  const auto open = glob.find('{');
  if (open == std::string_view::npos) return {std::string(glob)};
  const auto close = glob.find('}', open);
  std::vector<std::string> globs;
  for (const std::string& tail : Expand(glob.substr(close + 1))) {
    for (const std::string& choice : Split(glob.substr(open + 1, close - open - 1), ',')) {
      globs.push_back(std::string(glob.substr(0, open)) + choice + tail);
    }
  }
  return globs;
}

// Matches one character against the set that begins at pattern[0] == '['; moves the pattern behind the set.
bool SetMatches(std::string_view& pattern, char c) {
  std::size_t i = 1;
  const bool negated = pattern[i] == '!' || pattern[i] == '^';
  if (negated) ++i;
  bool found = false;
  for (bool first = true; first || pattern[i] != ']'; first = false) {
    char low = pattern[i];
    char high = low;
    if (pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    ++i;
    found = found || (static_cast<unsigned char>(low) <= static_cast<unsigned char>(c) &&
                      static_cast<unsigned char>(c) <= static_cast<unsigned char>(high));
  }
  pattern.remove_prefix(i + 1);
  return found != negated;
}

// Within one segment. On a mismatch the last '*' takes one character more, so the time is bounded by the product of
// the lengths.
bool SegmentMatches(std::string_view pattern, std::string_view text) {
  const bool hidden = !text.empty() && (text[0] == '.' || text[0] == '_');
  if (hidden && !pattern.empty() && kWildcards.find(pattern[0]) != std::string_view::npos) return false;
  std::string_view star_pattern;
  std::string_view star_text;
  bool star = false;
  while (!text.empty() || !pattern.empty()) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star = true;
      star_pattern = pattern;
      star_text = text;
      continue;
    }
    bool matched = false;
    if (!pattern.empty() && !text.empty()) {
      if (pattern[0] == '[') {
        matched = SetMatches(pattern, text[0]);
      } else {
        matched = pattern[0] == '?' || pattern[0] == text[0];
        pattern.remove_prefix(1);
      }
    }
    if (matched) {
      text.remove_prefix(1);
    } else if (star && !star_text.empty()) {
      star_text.remove_prefix(1);
      pattern = star_pattern;
      text = star_text;
    } else {
      return false;
    }
  }
  return true;
}

using Segments = std::vector<std::string>;

bool SegmentsMatch(const Segments& pattern, std::size_t p, const Segments& key, std::size_t k) {
  for (; p < pattern.size(); ++p, ++k) {
    if (pattern[p] == "**") {
      while (p + 1 < pattern.size() && pattern[p + 1] == "**") ++p;
      for (; k < key.size(); ++k) {
        if (SegmentsMatch(pattern, p + 1, key, k)) return true;
        if (!SegmentMatches("*", key[k])) return false;
      }
      return p + 1 == pattern.size();
    }
    if (k == key.size() || !SegmentMatches(pattern[p], key[k])) return false;
  }
  return k == key.size();
}

// kInvalid unless each '[' and '{' of the segment is closed in it.
Status CheckSegment(std::string_view glob, std::string_view segment) {
  if (segment != "**" && segment.find("**") != std::string_view::npos) {
    return Invalid(fmt::format("glob '{}': '**' stands for whole folders, as in 'flights/**/*.parquet'", glob));
  }
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '[') continue;
    const std::size_t first = i + 1 < segment.size() && (segment[i + 1] == '!' || segment[i + 1] == '^') ? 2 : 1;
    i = segment.find(']', i + first + 1);  // a ']' right after '[' is itself a character of the set
    if (i == std::string_view::npos) return Invalid(fmt::format("glob '{}': '[' is not closed by ']'", glob));
  }
  return {};
}

Status CheckBraces(std::string_view glob) {
  bool open = false;
  std::size_t alternatives = 1;
  std::size_t choices = 1;
  for (const char c : glob) {
    if ((c == '{' && open) || (c == '}' && !open))
      return Invalid(fmt::format("glob '{}': '{}' has no partner", glob, c));
    if (c == '{') choices = 1;
    if (c == ',' && open) ++choices;
    if (c == '}') alternatives *= choices;
    if (c == '{' || c == '}') open = c == '{';
    if (alternatives > kMaxAlternatives) return Invalid(fmt::format("glob '{}' has too many alternatives", glob));
  }
  return open ? Status(Invalid(fmt::format("glob '{}': '{{' has no partner", glob))) : Status();
}

}  // namespace

Status CheckGlob(std::string_view glob) {
  if (glob.empty()) return Invalid("a glob is empty");
  if (glob[0] == '/') return Invalid(fmt::format("glob '{}' begins with '/'; globs are relative to the lake", glob));
  if (auto status = CheckBraces(glob); !status) return status;
  for (const std::string& expanded : Expand(glob)) {
    for (const std::string& segment : Split(expanded, '/')) {
      if (segment == ".." || segment == ".") {
        return Invalid(fmt::format("glob '{}' holds '{}'; it cannot leave the lake", glob, segment));
      }
      if (segment.empty()) return Invalid(fmt::format("glob '{}' has an empty folder or file name", glob));
      if (auto status = CheckSegment(glob, segment); !status) return status;
    }
  }
  return {};
}

bool GlobMatches(std::string_view glob, std::string_view key) {
  const Segments segments = Split(key, '/');
  const auto globs = Expand(glob);
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& expanded) { return SegmentsMatch(Split(expanded, '/'), 0, segments, 0); });
}

bool GlobNamesHidden(std::string_view glob) {
  const auto globs = Expand(glob);
  return std::any_of(globs.begin(), globs.end(), [](const std::string& expanded) { return IsHiddenKey(expanded); });
}

std::string GlobPrefix(std::string_view glob) { return std::string(glob.substr(0, glob.find_first_of(kWildcards))); }

bool GlobIsRecursive(std::string_view glob) {
  const auto wildcard = glob.find_first_of(kWildcards);
  return wildcard != std::string_view::npos &&
         (glob.find('/', wildcard) != std::string_view::npos || glob.find("**", wildcard) != std::string_view::npos);
}

bool GlobMayEnter(std::string_view glob, std::string_view root_entry) {
  const auto globs = Expand(glob);
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& expanded) {
    const std::string first = Split(expanded, '/').front();
    return SegmentMatches(first == "**" ? "*" : first, root_entry);
  });
}

}  // namespace eider
