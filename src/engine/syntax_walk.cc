#include "engine/syntax_walk.h"

#include "duckdb/parser/expression/subquery_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/query_node/recursive_cte_node.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/query_node/set_operation_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"
#include "duckdb/parser/tableref/expressionlistref.hpp"
#include "duckdb/parser/tableref/joinref.hpp"
#include "duckdb/parser/tableref/pivotref.hpp"
#include "duckdb/parser/tableref/showref.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"

namespace eider {
namespace {

using ExpressionPointer = duckdb::unique_ptr<duckdb::ParsedExpression>;

class Walk {
 public:
  explicit Walk(const SyntaxVisitor& visitor) : visitor_(visitor) {}

  void Node(duckdb::QueryNode& node) {
    if (visitor_.node) visitor_.node(node);
    for (auto& [name, table] : node.cte_map.map) {
      Expressions(table->key_targets);
      Node(*table->query->node);
    }
    switch (node.type) {
      case duckdb::QueryNodeType::SELECT_NODE: Select(node.Cast<duckdb::SelectNode>()); break;
      case duckdb::QueryNodeType::SET_OPERATION_NODE:
        for (auto& child : node.Cast<duckdb::SetOperationNode>().children) Node(*child);
        break;
      case duckdb::QueryNodeType::RECURSIVE_CTE_NODE: {
        auto& recursive = node.Cast<duckdb::RecursiveCTENode>();
        Expressions(recursive.key_targets);
        Node(*recursive.left);
        Node(*recursive.right);
        break;
      }
      default: throw duckdb::NotImplementedException("a SELECT is wanted, and nothing that writes within it");
    }
    duckdb::ParsedExpressionIterator::EnumerateQueryNodeModifiers(
        node, [this](ExpressionPointer& expression) { Expression(expression); });
  }

 private:
  void Select(duckdb::SelectNode& node) {
    Expressions(node.select_list);
    if (node.from_table) Table(*node.from_table);
    Expression(node.where_clause);
    Expressions(node.groups.group_expressions);
    Expression(node.having);
    Expression(node.qualify);
  }

  void Expression(ExpressionPointer& expression) {
    if (!expression) return;
    if (visitor_.expression) visitor_.expression(expression);
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
      Node(*expression->Cast<duckdb::SubqueryExpression>().subquery->node);
    }
    duckdb::ParsedExpressionIterator::EnumerateChildren(*expression,
                                                        [this](ExpressionPointer& child) { Expression(child); });
  }

  void Expressions(duckdb::vector<ExpressionPointer>& expressions) {
    for (auto& expression : expressions) Expression(expression);
  }

  void Table(duckdb::TableRef& table) {
    if (visitor_.table) visitor_.table(table);
    using Type = duckdb::TableReferenceType;
    switch (table.type) {
      case Type::BASE_TABLE:
        if (auto& at = table.Cast<duckdb::BaseTableRef>().at_clause) Expression(at->ExpressionMutable());
        break;
      case Type::EXPRESSION_LIST:
        for (auto& row : table.Cast<duckdb::ExpressionListRef>().values) Expressions(row);
        break;
      case Type::JOIN: {
        auto& join = table.Cast<duckdb::JoinRef>();
        Table(*join.left);
        Table(*join.right);
        Expression(join.condition);
        break;
      }
      case Type::PIVOT: Pivot(table.Cast<duckdb::PivotRef>()); break;
      case Type::SHOW_REF:
        if (auto& query = table.Cast<duckdb::ShowRef>().query) Node(*query);
        break;
      case Type::SUBQUERY: Node(*table.Cast<duckdb::SubqueryRef>().subquery->node); break;
      case Type::TABLE_FUNCTION: {
        auto& function = table.Cast<duckdb::TableFunctionRef>();
        Expression(function.function);
        if (function.subquery) Node(*function.subquery->node);
        break;
      }
      case Type::EMPTY_FROM:
      case Type::COLUMN_DATA:
      case Type::DELIM_GET: break;
      default: throw duckdb::NotImplementedException("a kind of table that is not known here");
    }
  }

  void Pivot(duckdb::PivotRef& pivot) {
    Table(*pivot.source);
    Expressions(pivot.aggregates);
    for (auto& column : pivot.pivots) {
      Expressions(column.pivot_expressions);
      for (auto& entry : column.entries) Expression(entry.expr);
      if (column.subquery) Node(*column.subquery);
    }
  }

  const SyntaxVisitor& visitor_;
};

}  // namespace

void WalkSyntax(duckdb::QueryNode& node, const SyntaxVisitor& visitor) { Walk(visitor).Node(node); }

}  // namespace eider
