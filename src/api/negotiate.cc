#include "api/negotiate.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace eider {
Coding ChooseCoding(std::string_view accept_encoding, std::span<const Coding> offered) {
  static constexpr std::array kPreferred = {Coding::kZstd, Coding::kBrotli, Coding::kGzip};
  std::array<double, 3> q = {0, 0, 0};
  std::array<bool, 3> named = {false, false, false};
  double identity = 0.0001;  // always acceptable unless forbidden, but the last choice
  double any = 0;
  for (const WeightedItem& weighted : ParseWeightedList(accept_encoding)) {
    if (weighted.name == "identity") identity = weighted.weight;
    if (weighted.name == "*") any = weighted.weight;
    for (std::size_t i = 0; i < kPreferred.size(); ++i) {
      if (weighted.name == CodingName(kPreferred[i]) || (weighted.name == "x-gzip" && kPreferred[i] == Coding::kGzip)) {
        q[i] = weighted.weight;
        named[i] = true;
      }
    }
  }
  Coding best = Coding::kIdentity;
  double best_q = identity;
  for (std::size_t i = 0; i < kPreferred.size(); ++i) {
    const double weight = named[i] ? q[i] : any;
    if (weight > best_q && std::find(offered.begin(), offered.end(), kPreferred[i]) != offered.end()) {
      best = kPreferred[i];
      best_q = weight;
    }
  }
  return best;
}

Coding CodingFor(Format format, std::string_view accept_encoding) {
  // Parquet and XLSX are compressed inside; Arrow's buffers gain little for the CPU they cost.
  const bool inside = format == Format::kParquet || format == Format::kXlsx || format == Format::kArrow;
  return inside ? Coding::kIdentity : ChooseCoding(accept_encoding);
}

std::optional<RangeRequest> ParseRange(std::string_view header) {
  const std::string_view text = Trim(header);
  if (!ToLower(text).starts_with("bytes=")) return std::nullopt;
  const std::string_view spec = Trim(text.substr(6));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return std::nullopt;
  RangeRequest range;
  if (dash > 0) {
    range.first = ParseUint(spec.substr(0, dash));
    if (!range.first) return std::nullopt;
  }
  if (dash + 1 < spec.size()) {
    range.last = ParseUint(spec.substr(dash + 1));
    if (!range.last) return std::nullopt;
  }
  if (!range.first && !range.last) return std::nullopt;
  if (range.first && range.last && *range.last < *range.first) return std::nullopt;
  return range;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> Resolve(const RangeRequest& range, std::uint64_t size) {
  if (!range.first) {
    if (*range.last == 0 || size == 0) return std::nullopt;
    return std::pair(size - std::min(size, *range.last), size);
  }
  if (*range.first >= size) return std::nullopt;
  const std::uint64_t last = range.last ? std::min(*range.last, size - 1) : size - 1;
  return std::pair(*range.first, last + 1);
}

bool MatchesAny(std::string_view header, std::string_view etag) {
  const auto strong = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
  for (const std::string& item : Split(header, ',')) {
    const std::string_view tag = Trim(item);
    if (tag == "*" || (!tag.empty() && strong(tag) == strong(etag))) return true;
  }
  return false;
}

bool HasToken(std::string_view header, std::string_view token) {
  const auto items = Split(header, ',');
  return std::any_of(items.begin(), items.end(),
                     [&](const std::string& item) { return ToLower(Trim(Split(item, ';').front())) == token; });
}

}  // namespace eider
