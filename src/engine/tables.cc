#include "engine/tables.h"

#include <functional>
#include <set>

#include "base/text.h"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/subquery_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"

namespace eider {
namespace {

using ExpressionPointer = duckdb::unique_ptr<duckdb::ParsedExpression>;
using Visitor = std::function<void(duckdb::TableRef&)>;

void VisitNode(duckdb::QueryNode& node, const Visitor& visit);

void VisitExpression(duckdb::ParsedExpression& expression, const Visitor& visit) {
  if (expression.GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
    VisitNode(*expression.Cast<duckdb::SubqueryExpression>().subquery->node, visit);
  }
  duckdb::ParsedExpressionIterator::EnumerateChildren(
      expression, [&](duckdb::ParsedExpression& child) { VisitExpression(child, visit); });
}

void VisitNode(duckdb::QueryNode& node, const Visitor& visit) {
  duckdb::ParsedExpressionIterator::EnumerateQueryNodeChildren(
      node, [&](ExpressionPointer& expression) { VisitExpression(*expression, visit); }, visit);
}

// The argument of lake('GLOB'); null for any other table.
duckdb::FunctionExpression* LakeCall(duckdb::TableRef& ref) {
  if (ref.type != duckdb::TableReferenceType::TABLE_FUNCTION) return nullptr;
  auto& function = ref.Cast<duckdb::TableFunctionRef>().function;
  if (!function || function->GetExpressionClass() != duckdb::ExpressionClass::FUNCTION) return nullptr;
  auto& call = function->Cast<duckdb::FunctionExpression>();
  return ToLower(call.function_name) == "lake" && call.schema.empty() ? &call : nullptr;
}

std::optional<std::string> GlobOf(const duckdb::FunctionExpression& call) {
  if (call.children.size() != 1 || call.children[0]->GetExpressionClass() != duckdb::ExpressionClass::CONSTANT) {
    return std::nullopt;
  }
  const auto& value = call.children[0]->Cast<duckdb::ConstantExpression>().value;
  if (value.IsNull() || value.type().id() != duckdb::LogicalTypeId::VARCHAR) return std::nullopt;
  return duckdb::StringValue::Get(value);
}

ExpressionPointer ParseRelation(duckdb::ClientContext& context, const std::string& relation) {
  auto parsed = duckdb::Parser::ParseExpressionList(relation, context.GetParserOptions());
  return std::move(parsed.at(0));
}

}  // namespace

TableNames FindTables(duckdb::QueryNode& node) {
  std::set<std::string> names;
  std::set<std::string> globs;
  VisitNode(node, [&](duckdb::TableRef& ref) {
    if (auto* call = LakeCall(ref)) {
      if (auto glob = GlobOf(*call)) globs.insert(*std::move(glob));
    }
    if (ref.type != duckdb::TableReferenceType::BASE_TABLE) return;
    const auto& table = ref.Cast<duckdb::BaseTableRef>();
    if (table.schema_name.empty() && table.catalog_name.empty()) names.insert(table.table_name);
  });
  return {{names.begin(), names.end()}, {globs.begin(), globs.end()}};
}

Status PutTables(duckdb::ClientContext& context, duckdb::QueryNode& node, const Statement& statement) {
  Status status;
  VisitNode(node, [&](duckdb::TableRef& ref) {
    auto* call = LakeCall(ref);
    if (call == nullptr) return;
    const auto glob = GlobOf(*call);
    const auto relation = glob ? statement.globs.find(*glob) : statement.globs.end();
    if (relation == statement.globs.end()) {
      status = Invalid("lake() wants one text: a glob of keys, such as lake('flights/2019-*.parquet')");
      return;
    }
    ref.Cast<duckdb::TableFunctionRef>().function = ParseRelation(context, relation->second);
  });
  // Before the query's own, which may refer to them.
  duckdb::CommonTableExpressionMap tables;
  for (const auto& [name, select] : statement.tables) {
    if (node.cte_map.map.contains(name)) continue;
    duckdb::Parser parser(context.GetParserOptions());
    parser.ParseQuery(select);
    auto table = duckdb::make_uniq<duckdb::CommonTableExpressionInfo>();
    table->query =
        duckdb::unique_ptr_cast<duckdb::SQLStatement, duckdb::SelectStatement>(std::move(parser.statements.at(0)));
    table->materialized = duckdb::CTEMaterialize::CTE_MATERIALIZE_NEVER;
    tables.map.insert(name, std::move(table));
  }
  for (auto& own : node.cte_map.map) tables.map.insert(own.first, std::move(own.second));
  node.cte_map = std::move(tables);
  return status;
}

}  // namespace eider
