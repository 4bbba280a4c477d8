// Rows as JSON objects, by DuckDB's to_json; NaN and infinities, which JSON lacks, become strings.
#pragma once

#include <memory>

#include "engine/text_format.h"

namespace eider {

// `array`: one array of all rows, else a line for each.
std::unique_ptr<TextFormat> MakeJsonFormat(duckdb::ClientContext& context, const duckdb::vector<std::string>& names,
                                           const duckdb::vector<duckdb::LogicalType>& types, bool array);

}  // namespace eider
