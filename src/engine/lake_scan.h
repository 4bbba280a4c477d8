// The scans of lake objects in an optimized plan: which objects, columns and filters, in the order they will run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/common/column_index.hpp"
#include "duckdb/function/table_function.hpp"
#include "duckdb/planner/logical_operator.hpp"
#include "duckdb/planner/table_filter.hpp"
#include "engine/planned_files.h"

namespace eider {

struct ScannedColumn {
  std::string name;
  duckdb::LogicalType type;
  duckdb::ColumnIndex index;                       // its children: the fields that are read, none for all
  duckdb::unique_ptr<duckdb::TableFilter> filter;  // null: none
};

struct LakeScan {
  bool parquet = false;
  std::vector<std::string> keys;  // in scan order, pruned by the key=value folders
  std::vector<ScannedColumn> columns;
  std::optional<std::uint64_t> rows;  // as many are enough: a LIMIT and its OFFSET without a filter
};

// Whether it is the scan of Parquet objects, by either of its names.
bool ReadsParquet(const duckdb::TableFunction& scan);

std::vector<LakeScan> FindLakeScans(duckdb::LogicalOperator& plan);

// Has the scans of lake objects in Parquet take each object once it is planned.
void TakePlannedFiles(duckdb::LogicalOperator& plan, const PlannedFiles::Need& need);

// DuckDB turns a LIMIT of 51 to a million rows into two scans, of which the second looks for the rows' positions in
// every object ("late materialization"): on a lake, a request for each instead of one. These two keep a LIMIT right
// above a scan as it is: the first before DuckDB's optimizer, hiding the number from it, the second after it.
void HideLimits(duckdb::LogicalOperator& plan);
void ShowLimits(duckdb::LogicalOperator& plan);

}  // namespace eider
