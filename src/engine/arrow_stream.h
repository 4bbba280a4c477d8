// Arrow IPC stream from a query's result: DuckDB converts chunks to Arrow arrays, nanoarrow writes the messages.
#pragma once

#include "duckdb.hpp"
#include "engine/database.h"

namespace eider {

// Columns that Arrow's IPC stream cannot carry as they are (ENUM, BIT, TIMETZ, …) become text; the select node is
// wrapped so. `types` and `names` are those of the node's answer and are updated.
void CastForArrow(duckdb::unique_ptr<duckdb::QueryNode>& node, const duckdb::vector<std::string>& names,
                  duckdb::vector<duckdb::LogicalType>& types);

// Drains a streaming result. Throws what DuckDB throws; sink errors are answered.
Result<RunSummary> WriteArrowStream(duckdb::QueryResult& result, Sink& sink);

}  // namespace eider
