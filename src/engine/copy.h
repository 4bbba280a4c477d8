// How each format is written: the COPY statement for it, and what goes around the bytes.
#pragma once

#include <memory>
#include <string>

#include "duckdb.hpp"
#include "duckdb/parser/statement/copy_statement.hpp"
#include "engine/database.h"

namespace eider {

// COPY (node) TO 'sink://result' in the format. Not for kArrow.
duckdb::unique_ptr<duckdb::CopyStatement> MakeCopy(duckdb::unique_ptr<duckdb::QueryNode> node, Format format,
                                                   bool keep_order);

// A sink that mends the bytes where the format wants what DuckDB's writer does not give (JSON, GeoJSON), or null.
std::unique_ptr<Sink> WrapSink(Format format, Sink& sink);

// Makes the CSV and JSON writers keep order on one thread instead of collecting batches: 5 M rows of seven columns took
// 2.6 s and 61 MB so, and 2.9 s and 189 MB in batches on two threads, with the first byte after 17 ms against 152.
void WriteInOrderOnOneThread(duckdb::Connection& connection);

}  // namespace eider
