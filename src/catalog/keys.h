// What a key says about the object it names. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/catalog.h"

namespace eider {

// By the extension, letters' case ignored: parquet, csv, json, ndjson; the text formats also with .gz behind.
std::optional<SourceFormat> FormatOfKey(std::string_view key);

// The key without the extension that FormatOfKey knows: "flights" of "flights.csv.gz"; empty without one.
std::string_view StemOfKey(std::string_view key);

// Whether a segment of the key begins with '.' or '_': "flights/_SUCCESS", "flights/_temporary/0.parquet".
// Writers leave such files beside their data; they are never data.
bool IsHiddenKey(std::string_view key);

// "Parquet", "CSV", "JSON", for messages.
std::string_view FormatName(SourceFormat format);

}  // namespace eider
