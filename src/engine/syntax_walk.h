// A walk over the whole of a SELECT's syntax tree: every query node, expression and table reference, wherever SQL lets
// one stand. DuckDB's own iterator leaves out some (DESCRIBE, PIVOT, AT, keys of recursive tables), and what reads or
// judges a statement may leave out none.
#pragma once

#include <functional>

#include "duckdb.hpp"
#include "duckdb/parser/query_node.hpp"
#include "duckdb/parser/tableref.hpp"

namespace eider {

// Each may be empty. An expression may be replaced; what stands in its place is walked. Parents come first.
struct SyntaxVisitor {
  std::function<void(duckdb::QueryNode&)> node;
  std::function<void(duckdb::unique_ptr<duckdb::ParsedExpression>&)> expression;
  std::function<void(duckdb::TableRef&)> table;
};

// Throws DuckDB's NotImplementedException for a kind of node that it does not know.
void WalkSyntax(duckdb::QueryNode& node, const SyntaxVisitor& visitor);

}  // namespace eider
