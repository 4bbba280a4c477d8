// Rows as CSV (RFC 4180) or TSV, byte for byte as DuckDB's COPY writes them, but straight from typed vectors: NULL is
// an empty field, the empty string "". The types that fill most files have their text here; the others, and dates
// outside of years with four digits, are cast by DuckDB.
#pragma once

#include <memory>
#include <string_view>

#include "engine/text_format.h"

namespace eider {

struct CsvDialect {
  char delimiter;
  std::string_view line_end;
};
inline constexpr CsvDialect kCsvDialect{',', "\r\n"};
inline constexpr CsvDialect kTsvDialect{'\t', "\n"};

std::unique_ptr<TextFormat> MakeCsvFormat(duckdb::ClientContext& context, const duckdb::vector<std::string>& names,
                                          const duckdb::vector<duckdb::LogicalType>& types, CsvDialect dialect);

}  // namespace eider
