// Working on a query's tasks until its result is ready.
#pragma once

#include <functional>

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/pending_query_result.hpp"

namespace eider {

// DuckDB's own loop spins on a core for as long as the only task left runs on another thread, which is the whole of a
// download in order; this one sleeps, longer each time up to 1 ms. `on_progress`, or none: see Statement.
void WaitForResult(duckdb::PendingQueryResult& pending, duckdb::ClientContext& context,
                   const std::function<void(double)>& on_progress);

}  // namespace eider
