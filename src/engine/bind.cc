#include "engine/bind.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "base/text.h"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/parameter_expression.hpp"
#include "duckdb/parser/expression/subquery_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"
#include "engine/tables.h"

namespace eider {
namespace {

using ExpressionPointer = duckdb::unique_ptr<duckdb::ParsedExpression>;

// Replaces parameters below an expression or query node. Out-of-range numbers are kept as the first error.
class ParameterBinder {
 public:
  explicit ParameterBinder(std::vector<duckdb::Value> values) : values_(std::move(values)) {}

  void Bind(duckdb::QueryNode& node) {
    duckdb::ParsedExpressionIterator::EnumerateQueryNodeChildren(node,
                                                                 [this](ExpressionPointer& child) { Bind(child); });
  }

  void Bind(ExpressionPointer& expression) {
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::PARAMETER) {
      Replace(expression);
      return;
    }
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
      Bind(*expression->Cast<duckdb::SubqueryExpression>().subquery->node);
    }
    duckdb::ParsedExpressionIterator::EnumerateChildren(*expression, [this](ExpressionPointer& child) { Bind(child); });
  }

  const std::string& error() const { return error_; }

 private:
  void Replace(ExpressionPointer& expression) {
    const std::string& name = expression->Cast<duckdb::ParameterExpression>().identifier;
    const auto number = ParseUint(name);
    if (!number || *number < 1 || *number > values_.size()) {
      error_ = fmt::format("the statement names ${} but {} values are bound", name, values_.size());
      return;
    }
    auto constant = duckdb::make_uniq<duckdb::ConstantExpression>(values_[*number - 1]);
    constant->SetAlias(expression->GetAlias());
    expression = std::move(constant);
  }

  std::vector<duckdb::Value> values_;
  std::string error_;
};

bool IsAccidentalInfinity(const duckdb::Value& parsed, const std::string& text) {
  const auto type = parsed.type().id();
  if (type != duckdb::LogicalTypeId::DOUBLE && type != duckdb::LogicalTypeId::FLOAT) return false;
  return std::isinf(parsed.GetValue<double>()) && ToLower(text).find("inf") == std::string::npos;
}

}  // namespace

Result<duckdb::Value> ParseBoundValue(duckdb::ClientContext& context, const BoundValue& value) {
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

Result<duckdb::unique_ptr<duckdb::QueryNode>> ParseSelect(duckdb::ClientContext& context, const std::string& sql) {
  duckdb::Parser parser(context.GetParserOptions());
  parser.ParseQuery(sql);
  if (parser.statements.size() != 1 || parser.statements[0]->type != duckdb::StatementType::SELECT_STATEMENT) {
    return Invalid("exactly one SELECT is wanted");
  }
  return std::move(parser.statements[0]->Cast<duckdb::SelectStatement>().node);
}

Result<duckdb::unique_ptr<duckdb::QueryNode>> BindSelect(duckdb::ClientContext& context, const Statement& statement) {
  auto node = ParseSelect(context, statement.sql);
  if (!node) return node;
  std::vector<duckdb::Value> parsed;
  for (const BoundValue& value : statement.values) {
    auto one = ParseBoundValue(context, value);
    if (!one) return one.error();
    parsed.push_back(*std::move(one));
  }
  ParameterBinder binder(std::move(parsed));
  binder.Bind(**node);
  if (!binder.error().empty()) return Internal(binder.error());
  if (auto status = PutTables(context, **node, statement); !status) return status.error();
  return node;
}

}  // namespace eider
