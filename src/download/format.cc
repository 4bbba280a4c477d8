#include "download/format.h"

#include <fmt/format.h>

#include "base/text.h"

namespace eider {

const std::vector<FormatInfo>& Formats() {
  static const std::vector<FormatInfo> formats = {
      {Format::kCsv, "csv", "text/csv; charset=utf-8; header=present"},
      {Format::kTsv, "tsv", "text/tab-separated-values; charset=utf-8"},
      {Format::kJson, "json", "application/json"},
      {Format::kNdjson, "ndjson", "application/x-ndjson"},
      {Format::kParquet, "parquet", "application/vnd.apache.parquet"},
      {Format::kArrow, "arrow", "application/vnd.apache.arrow.stream"},
      {Format::kXlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
      {Format::kGeoJson, "geojson", "application/geo+json"},
  };
  return formats;
}

const FormatInfo& InfoOf(Format format) { return Formats()[static_cast<std::size_t>(format)]; }

std::optional<Format> FormatByExtension(std::string_view extension) {
  for (const FormatInfo& info : Formats()) {
    if (info.extension == extension) return info.format;
  }
  return std::nullopt;
}

Result<std::optional<Format>> FormatByAccept(std::string_view accept) {
  double best = 0;
  std::optional<Format> format;
  const auto offer = [&](double weight, std::optional<Format> offered) {
    if (weight <= best) return;
    best = weight;
    format = offered;
  };
  if (accept.find_first_not_of(" ,") == std::string_view::npos) return format;
  for (const WeightedItem& item : ParseWeightedList(accept)) {
    const bool description = item.name == "*/*" || item.name == "application/*" || item.name == "application/json" ||
                             item.name == "text/html" || item.name == "application/xhtml+xml";
    if (description) offer(item.weight, std::nullopt);
    if (item.name == "text/*") offer(item.weight, Format::kCsv);
    for (const FormatInfo& info : Formats()) {
      if (!description && item.name == Split(info.media_type, ';').front()) offer(item.weight, info.format);
    }
  }
  if (best > 0) return format;
  std::vector<std::string> types;
  for (const FormatInfo& info : Formats()) types.push_back(Split(info.media_type, ';').front());
  return Error{ErrorKind::kUnsupported,
               fmt::format("nothing that '{}' accepts is to be had here; media types are: {}", accept.substr(0, 200),
                           Join(types, " ")),
               {}};
}

std::vector<std::string> ExtensionsFor(const Dataset& dataset) {
  std::vector<std::string> extensions;
  for (const FormatInfo& info : Formats()) {
    if (info.format == Format::kGeoJson && !dataset.lon_lat) continue;
    extensions.emplace_back(info.extension);
  }
  return extensions;
}

}  // namespace eider
