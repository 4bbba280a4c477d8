// The tables that SQL names: found, so that a catalog can say what they are, and put in. `lake.NAME` is the dataset
// NAME wherever it stands, even in a WITH that defines NAME.
#pragma once

#include "duckdb.hpp"
#include "duckdb/parser/query_node.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"
#include "engine/database.h"

namespace eider {

TableNames FindTables(duckdb::QueryNode& node);

// Whether it is written lake.NAME.
bool IsLakeTable(const duckdb::BaseTableRef& table);

// Makes the statement's tables known to the SELECT, as common table expressions that its own may hide; its lake() calls
// the relations that they stand for; and the globs of read_csv() and its kind the paths that match. Throws DuckDB's
// BinderException for a call whose argument is none that was looked up.
void PutTables(duckdb::ClientContext& context, duckdb::QueryNode& node, const Statement& statement);

}  // namespace eider
