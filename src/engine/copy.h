// How Parquet is written: DuckDB's COPY.
#pragma once

#include "duckdb.hpp"
#include "duckdb/parser/statement/copy_statement.hpp"

namespace eider {

// COPY (node) TO 'sink://result' (FORMAT parquet).
duckdb::unique_ptr<duckdb::CopyStatement> MakeParquetCopy(duckdb::unique_ptr<duckdb::QueryNode> node, bool keep_order);

// Makes the writer keep order on one thread instead of collecting batches: those took three times the memory and ten
// times as long to the first byte.
void WriteParquetInOrderOnOneThread(duckdb::Connection& connection);

}  // namespace eider
