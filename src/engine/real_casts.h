// Replaces DuckDB's casts of DOUBLE and FLOAT to VARCHAR with real_text, for a whole instance.
#pragma once

#include "duckdb.hpp"

namespace eider {

void RegisterRealCasts(duckdb::DatabaseInstance& instance);

}  // namespace eider
