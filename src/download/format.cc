#include "download/format.h"

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

std::optional<Format> FormatByAccept(std::string_view accept) {
  for (const std::string& item : Split(accept, ',')) {
    std::string name = ToLower(Split(item, ';').front());
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    if (name == "application/json" || name == "text/html") return std::nullopt;
    for (const FormatInfo& info : Formats()) {
      if (name == Split(info.media_type, ';').front()) return info.format;
    }
  }
  return std::nullopt;
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
