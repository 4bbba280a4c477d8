// From a statement to many Parquet files: its rows come in the order of the partition columns, so that one file is open
// at a time, whatever the number of partitions; DuckDB's external sort keeps that within the memory limit.
#pragma once

#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/function/copy_function.hpp"
#include "duckdb/parser/query_node.hpp"
#include "engine/part_files.h"
#include "engine/statement_state.h"

namespace eider {

// The places of the partition columns among a statement's. kInvalid naming the column that is not there, that no folder
// can be named after, or that is nested; or when no column would be left for the files.
Result<std::vector<duckdb::idx_t>> FindPartitionColumns(const std::vector<std::string>& partition_by,
                                                        const duckdb::vector<std::string>& names,
                                                        const duckdb::vector<duckdb::LogicalType>& types);

// Puts these columns before what the SELECT is ordered by; its own order holds within a partition.
void OrderByPartition(duckdb::unique_ptr<duckdb::QueryNode>& node, const std::vector<duckdb::idx_t>& columns);

// How DuckDB writes Parquet; to be looked up before the statement runs.
duckdb::CopyFunction ParquetCopyFunction(duckdb::ClientContext& context);

// Reads the result to its end. Answers its rows.
Result<std::uint64_t> WriteParts(duckdb::ClientContext& context, StatementState& state, duckdb::QueryResult& result,
                                 const std::vector<duckdb::idx_t>& columns, const duckdb::CopyFunction& parquet,
                                 PartFiles& files);

// "year=2001/": as hive names folders, and so that the value is read back as it was.
std::string PartitionFolder(const std::string& name, const std::optional<std::string>& value);

}  // namespace eider
