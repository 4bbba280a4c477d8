// The tables that SQL names: found, so that a catalog can say what they are, and put in.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "duckdb.hpp"
#include "duckdb/parser/query_node.hpp"
#include "engine/database.h"

namespace eider {

TableNames FindTables(duckdb::QueryNode& node);

// Makes the statement's tables known to the SELECT, as common table expressions that its own may hide, and its lake()
// calls the relations that they stand for. kInvalid for a lake() whose argument is no single text.
Status PutTables(duckdb::ClientContext& context, duckdb::QueryNode& node, const Statement& statement);

}  // namespace eider
