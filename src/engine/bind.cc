#include "engine/bind.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/text.h"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/parameter_expression.hpp"
#include "duckdb/parser/expression/star_expression.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"
#include "engine/sandbox.h"
#include "engine/syntax_walk.h"
#include "engine/tables.h"

namespace eider {
namespace {

using ExpressionPointer = duckdb::unique_ptr<duckdb::ParsedExpression>;

// Replaces parameters wherever they stand.
class ParameterBinder {
 public:
  void Add(const std::string& name, duckdb::Value value) { values_.emplace(name, Bound{std::move(value)}); }

  void Bind(duckdb::QueryNode& node) {
    SyntaxVisitor visitor;
    visitor.expression = [this](ExpressionPointer& expression) {
      if (expression->GetExpressionClass() == duckdb::ExpressionClass::PARAMETER) Replace(expression);
    };
    WalkSyntax(node, visitor);
    for (const auto& [name, bound] : values_) {
      if (!bound.used)
        throw duckdb::BinderException("a value is given for $%s, which the statement does not name", name);
    }
  }

 private:
  struct Bound {
    duckdb::Value value;
    bool used = false;
  };

  void Replace(ExpressionPointer& expression) {
    const std::string& name = expression->Cast<duckdb::ParameterExpression>().identifier;
    const auto found = values_.find(name);
    if (found == values_.end()) {
      throw duckdb::BinderException(*expression, fmt::format("no value is given for ${}", name));
    }
    found->second.used = true;
    auto constant = duckdb::make_uniq<duckdb::ConstantExpression>(found->second.value);
    constant->SetAlias(expression->GetAlias());
    constant->SetQueryLocation(expression->GetQueryLocation());
    expression = std::move(constant);
  }

  std::map<std::string, Bound> values_;
};

// The first so many rows of the node: its own LIMIT where it has none, else one around it.
void SetLimit(duckdb::unique_ptr<duckdb::QueryNode>& node, std::uint64_t rows) {
  const auto kept = static_cast<std::int64_t>(std::min<std::uint64_t>(rows, std::numeric_limits<std::int64_t>::max()));
  auto limit = duckdb::make_uniq<duckdb::LimitModifier>();
  limit->limit = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::BIGINT(kept));
  const bool limited = std::any_of(node->modifiers.begin(), node->modifiers.end(), [](const auto& modifier) {
    return modifier->type == duckdb::ResultModifierType::LIMIT_MODIFIER ||
           modifier->type == duckdb::ResultModifierType::LIMIT_PERCENT_MODIFIER;
  });
  if (limited) {
    auto inner = duckdb::make_uniq<duckdb::SelectStatement>();
    inner->node = std::move(node);
    auto outer = duckdb::make_uniq<duckdb::SelectNode>();
    outer->select_list.push_back(duckdb::make_uniq<duckdb::StarExpression>());
    outer->from_table = duckdb::make_uniq<duckdb::SubqueryRef>(std::move(inner));
    node = std::move(outer);
  }
  node->modifiers.push_back(std::move(limit));
}

bool IsAccidentalInfinity(const duckdb::Value& parsed, const std::string& text) {
  const auto type = parsed.type().id();
  if (type != duckdb::LogicalTypeId::DOUBLE && type != duckdb::LogicalTypeId::FLOAT) return false;
  return std::isinf(parsed.GetValue<double>()) && ToLower(text).find("inf") == std::string::npos;
}

}  // namespace

Result<duckdb::Value> ParseBoundValue(duckdb::ClientContext& context, const BoundValue& value) {
  if (value.is_null) return duckdb::Value();
  duckdb::Value parsed;
  bool is_value = false;
  context.RunFunctionInTransaction([&] {
    const auto type = duckdb::TransformStringToLogicalType(value.type, context);
    // Strictly, "1.5" is no BIGINT; but strictly, "1" would be no BOOLEAN either.
    const bool strict = type.id() != duckdb::LogicalTypeId::BOOLEAN;
    std::string reason;
    is_value = duckdb::Value(value.text).TryCastAs(context, type, parsed, &reason, strict);
  });
  // ICU's cast to TIMESTAMPTZ answers NULL for what it cannot read, and a number too large for a DOUBLE is infinity.
  if (is_value && !parsed.IsNull() && !IsAccidentalInfinity(parsed, value.text)) return parsed;
  return Invalid(fmt::format("'{}' is not a value of type {}", value.text, value.type));
}

Result<duckdb::unique_ptr<duckdb::QueryNode>> ParseSelect(const duckdb::ParserOptions& options,
                                                          const std::string& sql) {
  duckdb::Parser parser(options);
  parser.ParseQuery(sql);
  if (parser.statements.size() != 1) {
    return Invalid(fmt::format("exactly one SELECT is wanted, and here are {} statements", parser.statements.size()));
  }
  if (parser.statements[0]->type != duckdb::StatementType::SELECT_STATEMENT) {
    return Invalid(fmt::format("exactly one SELECT is wanted, and this is a statement of the kind {}",
                               duckdb::StatementTypeToString(parser.statements[0]->type)));
  }
  return std::move(parser.statements[0]->Cast<duckdb::SelectStatement>().node);
}

Result<duckdb::unique_ptr<duckdb::QueryNode>> BindSelect(duckdb::ClientContext& context, const Statement& statement) {
  auto node = ParseSelect(context.GetParserOptions(), statement.sql);
  if (!node) return node;
  if (statement.confined) CheckSyntax(**node, &statement.catalogs);
  ParameterBinder binder;
  std::size_t place = 0;
  for (const BoundValue& value : statement.values) {
    ++place;
    auto one = ParseBoundValue(context, value);
    if (!one) return one.error();
    binder.Add(value.name.empty() ? std::to_string(place) : value.name, *std::move(one));
  }
  binder.Bind(**node);
  PutTables(context, **node, statement);
  if (statement.page) return node;
  if (statement.limit) SetLimit(*node, *statement.limit);
  if (statement.limits.rows > 0) SetLimit(*node, statement.limits.rows + 1);
  return node;
}

}  // namespace eider
