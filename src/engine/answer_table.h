// What of an answer is shown to the rest of Eider: its columns, and, of a small one, its rows as text.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "duckdb.hpp"
#include "engine/database.h"

namespace eider {

std::vector<Column> MakeColumns(const duckdb::vector<std::string>& names,
                                const duckdb::vector<duckdb::LogicalType>& types);

// kExhausted above 100,000 rows. Throws what the query does.
Result<Table> ReadTable(duckdb::QueryResult& result);

}  // namespace eider
