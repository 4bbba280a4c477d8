// The formats that are rows one behind the other: CSV, TSV, the kinds of JSON, and Arrow's stream of record batches,
// whose bytes are called text here as well. What stands around the rows, and what writes them.
#pragma once

#include <memory>
#include <string>

#include "duckdb.hpp"
#include "engine/database.h"
#include "engine/text_writer.h"

namespace eider {

// Turns chunks into text. One for each thread.
class RowEncoder {
 public:
  virtual ~RowEncoder() = default;
  virtual void Encode(duckdb::DataChunk& chunk, TextWriter& text) = 0;
  // Of the rows that belong together in the order of all, such as a row group: what is still held of them.
  virtual void End(TextWriter&) {}
};

// Of one statement, whose columns it knows. Immutable, so that all threads may use it.
class TextFormat {
 public:
  virtual ~TextFormat() = default;

  // It refers to the format.
  virtual std::unique_ptr<RowEncoder> MakeEncoder(duckdb::ClientContext& context) const = 0;

  std::string begin;
  std::string end;
  // What each row begins with, to stand between it and the row before; the first of all goes without.
  std::size_t separator_bytes = 0;
};

bool IsText(Format format);

// `format` IsText. Throws what DuckDB's binder throws.
std::unique_ptr<TextFormat> MakeTextFormat(Format format, duckdb::ClientContext& context,
                                           const duckdb::vector<std::string>& names,
                                           const duckdb::vector<duckdb::LogicalType>& types);

}  // namespace eider
