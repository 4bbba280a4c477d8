// Arrow IPC stream from a query's result: DuckDB converts chunks to Arrow arrays, nanoarrow writes the messages.
#pragma once

#include "duckdb.hpp"
#include "engine/database.h"

namespace eider {

// Drains a streaming result. Throws what DuckDB throws; sink errors are answered.
Result<RunSummary> WriteArrowStream(duckdb::QueryResult& result, Sink& sink);

}  // namespace eider
