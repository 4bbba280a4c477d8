// From the SQL text of a Statement to DuckDB's syntax tree with the bound values in it.
#pragma once

#include "base/result.h"
#include "duckdb.hpp"
#include "duckdb/parser/parser_options.hpp"
#include "duckdb/parser/query_node.hpp"
#include "engine/database.h"

namespace eider {

// The value as its type; kInvalid says what the type wants.
Result<duckdb::Value> ParseBoundValue(duckdb::ClientContext& context, const BoundValue& value);

// kInvalid for anything but exactly one SELECT.
Result<duckdb::unique_ptr<duckdb::QueryNode>> ParseSelect(const duckdb::ParserOptions& options, const std::string& sql);

// The statement's SELECT, looked through if it is confined, with its tables known, its limit set (a page's is
// not), and each $N put in as a constant. A constant, unlike a prepared
// parameter, is known to the optimizer, so that filters reach row-group statistics; and unlike text in the SQL it
// cannot be anything but a value.
Result<duckdb::unique_ptr<duckdb::QueryNode>> BindSelect(duckdb::ClientContext& context, const Statement& statement);

}  // namespace eider
