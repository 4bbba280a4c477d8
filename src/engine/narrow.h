// Types that a format cannot carry become text, so that no value is changed or lost on the way.
#pragma once

#include <string>

#include "duckdb.hpp"
#include "duckdb/parser/query_node.hpp"
#include "engine/database.h"

namespace eider {

// Wraps the select node in casts to VARCHAR where the format lacks a type, also within nested ones: for Arrow IPC ENUM,
// HUGEINT, UUID, … and for Parquet HUGEINT, which DuckDB would write as DOUBLE, and INTERVAL, which it would cut to
// milliseconds. `names` and `types` are those of the node's answer. Other formats carry text anyway.
void CastForFormat(duckdb::unique_ptr<duckdb::QueryNode>& node, const duckdb::vector<std::string>& names,
                   const duckdb::vector<duckdb::LogicalType>& types, Format format);

}  // namespace eider
