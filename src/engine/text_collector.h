// The sink of a statement in one of the text formats: instead of collecting its rows, DuckDB's threads encode them and
// write them to the statement's Sink, in order where that is asked for.
#pragma once

#include "duckdb.hpp"
#include "duckdb/main/client_config.hpp"
#include "engine/database.h"
#include "engine/statement_state.h"

namespace eider {

// The connection's next SELECT is written to `state.sink` and answers no rows; `state.rows` counts them.
// `state` outlives the query.
duckdb::get_result_collector_t CollectText(StatementState& state, Format format, bool keep_order);

}  // namespace eider
