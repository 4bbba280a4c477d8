// The formats that a dataset can be downloaded in: file extension, media type, DuckDB's writer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "engine/database.h"

namespace eider {

struct FormatInfo {
  Format format;
  std::string_view extension;   // "csv"
  std::string_view media_type;  // as registered, with its parameters
};

const std::vector<FormatInfo>& Formats();
const FormatInfo& InfoOf(Format format);

std::optional<Format> FormatByExtension(std::string_view extension);

// What an Accept header asks of /{dataset}: the download format with the highest weight; nullopt where the dataset's
// description answers ("*/*", "text/html", "application/json"); kUnsupported when it accepts neither.
Result<std::optional<Format>> FormatByAccept(std::string_view accept);

// The extensions that this dataset can be had in: geojson only where it has points.
std::vector<std::string> ExtensionsFor(const Dataset& dataset);

}  // namespace eider
