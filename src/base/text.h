// Small text operations that several folders need.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eider {

// The candidate nearest to `word` by edit distance, letters' case ignored, when it is near enough to be a
// slip of the keyboard (at most a third of the longer word's letters, at least one); nullopt otherwise.
std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& candidates);

// " Did you mean 'X'?" or "", to end an error message with.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

// Decodes %XX; `plus_is_space` for form-encoded query strings. Nullopt when a '%' is not followed by two hex digits.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space);

// Encodes all but RFC 3986 unreserved characters; '/' too unless `keep_slash`.
std::string PercentEncode(std::string_view text, bool keep_slash);

std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string ToLower(std::string_view text);

// One item of a weighted header such as Accept: "text/csv;q=0.5". The name is in lower case, the weight 0 to 1.
struct WeightedItem {
  std::string name;
  double weight = 1;
};
std::vector<WeightedItem> ParseWeightedList(std::string_view header);

// Without spaces and tabs at both ends.
std::string_view Trim(std::string_view text);

// Whole-string decimal integer; nullopt for anything else, overflow included.
std::optional<std::uint64_t> ParseUint(std::string_view text);

// Well-formed UTF-8 without NUL.
bool IsCleanUtf8(std::string_view text);

// "1.5 MiB" and the like, for people.
std::string HumanBytes(std::uint64_t bytes);

// A byte count as people write it: "512MiB", "1.5 GB", "4096".
std::optional<std::uint64_t> ParseByteCount(std::string_view text);

// A whole number with its unit, s, m, h or d: "24h".
std::optional<std::chrono::seconds> ParseDuration(std::string_view text);

}  // namespace eider
