#include "engine/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/comparison_expression.hpp"
#include "duckdb/parser/expression/conjunction_expression.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/column_data_ref.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"

namespace eider {
namespace {

using duckdb::ExpressionType;
using ExpressionPointer = duckdb::unique_ptr<duckdb::ParsedExpression>;

// What a request's header holds beside other things; servers allow 8 KiB for all of them.
constexpr std::size_t kLongestToken = 4096;

constexpr const char* kRelation = "page";

std::string ColumnName(duckdb::idx_t column) { return fmt::format("c{}", column); }

// The answer's column of that name; nullopt: there is none, or more than one.
std::optional<duckdb::idx_t> FindColumn(const PageOrder& order, const std::string& name) {
  std::optional<duckdb::idx_t> found;
  for (duckdb::idx_t i = 0; i < order.names.size(); ++i) {
    if (!duckdb::StringUtil::CIEquals(order.names[i], name)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

// The column of the answer that the SELECT's own list makes by this very expression.
std::optional<duckdb::idx_t> FindInList(const duckdb::QueryNode& node, const duckdb::ParsedExpression& expression) {
  if (node.type != duckdb::QueryNodeType::SELECT_NODE) return std::nullopt;
  const auto& list = node.Cast<duckdb::SelectNode>().select_list;
  for (duckdb::idx_t i = 0; i < list.size(); ++i) {
    // Behind a star columns are counted otherwise.
    if (list[i]->GetExpressionClass() == duckdb::ExpressionClass::STAR) return std::nullopt;
    if (list[i]->Equals(expression)) return i;
  }
  return std::nullopt;
}

// As DuckDB reads ORDER BY: a number is a place in the list, a bare name a column of the answer before one of a table.
std::optional<duckdb::idx_t> FindOrdered(const duckdb::QueryNode& node, const PageOrder& order,
                                         const duckdb::ParsedExpression& expression) {
  if (expression.GetExpressionClass() == duckdb::ExpressionClass::CONSTANT) {
    const auto& value = expression.Cast<duckdb::ConstantExpression>().value;
    if (value.IsNull() || !value.type().IsIntegral()) return std::nullopt;
    const auto place = value.GetValue<std::int64_t>();
    if (place < 1 || place > static_cast<std::int64_t>(order.names.size())) return std::nullopt;
    return static_cast<duckdb::idx_t>(place - 1);
  }
  if (expression.GetExpressionClass() == duckdb::ExpressionClass::COLUMN_REF) {
    const auto& column = expression.Cast<duckdb::ColumnRefExpression>();
    const auto named = column.IsQualified() ? std::nullopt : FindColumn(order, column.GetColumnName());
    if (named) return named;
  }
  return FindInList(node, expression);
}

Status AddKey(PageOrder& order, PageOrder::Key key) {
  const bool known = std::any_of(order.keys.begin(), order.keys.end(),
                                 [&](const PageOrder::Key& other) { return other.column == key.column; });
  if (known) return {};  // rows that are alike in it stay alike
  const duckdb::LogicalType& type = order.types[key.column];
  const auto id = type.id();
  if (type.IsNested() || id == duckdb::LogicalTypeId::GEOMETRY || id == duckdb::LogicalTypeId::VARIANT) {
    return Invalid(fmt::format("pages cannot be ordered by '{}', which is a {}; order by parts of it",
                               order.names[key.column], type.ToString()),
                   "key");
  }
  order.keys.push_back(key);
  return {};
}

Status AddOrderBy(PageOrder& order, const duckdb::QueryNode& node, const duckdb::OrderModifier& modifier) {
  for (const duckdb::OrderByNode& by : modifier.orders) {
    PageOrder::Key key;
    key.descending = by.type == duckdb::OrderType::DESCENDING;
    key.nulls_first = by.null_order == duckdb::OrderByNullType::NULLS_FIRST;
    if (by.expression->GetExpressionClass() == duckdb::ExpressionClass::STAR) {  // ORDER BY ALL
      for (key.column = 0; key.column < order.names.size(); ++key.column) {
        if (auto status = AddKey(order, key); !status) return status;
      }
      continue;
    }
    const auto column = FindOrdered(node, order, *by.expression);
    if (!column) {
      return Invalid(
          fmt::format("pages need ORDER BY by columns of the answer, and '{}' is none, or several; add it to "
                      "SELECT under a name, and order by that",
                      by.expression->ToString()),
          "sql");
    }
    key.column = *column;
    if (auto status = AddKey(order, key); !status) return status;
  }
  return {};
}

Status AddColumns(PageOrder& order, const std::vector<std::string>& columns) {
  for (const std::string& name : columns) {
    const auto column = FindColumn(order, name);
    if (!column) {
      const std::vector<std::string> names(order.names.begin(), order.names.end());
      return Invalid(fmt::format("'key' names '{}', of which the answer has none, or several.{} Its columns are: {}",
                                 name, DidYouMean(name, names), Join(names, " ")),
                     "key");
    }
    if (auto status = AddKey(order, {*column, false, false}); !status) return status;
  }
  return {};
}

// What decides which rows there are, and so may not be taken apart from its order.
Error OwnLimit(const char* what) {
  return Invalid(
      fmt::format("the SQL has a {} of its own, and 'limit' makes the pages; put it into a subquery: SELECT * "
                  "FROM (SELECT ...) ORDER BY ...",
                  what),
      "sql");
}

ExpressionPointer PageColumn(duckdb::idx_t column) {
  return duckdb::make_uniq<duckdb::ColumnRefExpression>(ColumnName(column), kRelation);
}

ExpressionPointer Compare(ExpressionType type, duckdb::idx_t column, const duckdb::Value& value) {
  return duckdb::make_uniq<duckdb::ComparisonExpression>(type, PageColumn(column),
                                                         duckdb::make_uniq<duckdb::ConstantExpression>(value));
}

ExpressionPointer Both(ExpressionType type, ExpressionPointer left, ExpressionPointer right) {
  if (!left || !right) return left ? std::move(left) : std::move(right);
  return duckdb::make_uniq<duckdb::ConjunctionExpression>(type, std::move(left), std::move(right));
}

ExpressionPointer Or(ExpressionPointer left, ExpressionPointer right) {
  return Both(ExpressionType::CONJUNCTION_OR, std::move(left), std::move(right));
}

ExpressionPointer And(ExpressionPointer left, ExpressionPointer right) {
  return Both(ExpressionType::CONJUNCTION_AND, std::move(left), std::move(right));
}

// The condition for rows behind the one with these keys.
class Behind {
 public:
  Behind(const PageOrder& order, const duckdb::vector<duckdb::Value>& values) : order_(order), values_(values) {}

  // What follows from the whole for the first key alone stands before it: scans understand a condition of one column.
  ExpressionPointer Condition() const {
    ExpressionPointer bound;
    if (order_.keys.size() > 1 && !values_[0].IsNull()) bound = Beyond(0, /*or_equal=*/true);
    return And(std::move(bound), From(0));
  }

 private:
  // Behind in this key, or alike in it and behind in those that follow. Null: no row is.
  ExpressionPointer From(std::size_t at) const {
    ExpressionPointer beyond = Beyond(at, /*or_equal=*/false);
    ExpressionPointer rest = at + 1 == order_.keys.size() ? nullptr : From(at + 1);
    if (!rest) return beyond ? std::move(beyond) : False();
    const auto alike = values_[at].IsNull() ? ExpressionType::COMPARE_NOT_DISTINCT_FROM : ExpressionType::COMPARE_EQUAL;
    return Or(std::move(beyond), And(Compare(alike, order_.keys[at].column, values_[at]), std::move(rest)));
  }

  // NULL is compared by IS [NOT] DISTINCT FROM, which, unlike IS NULL, reaches the scans' statistics within an OR.
  ExpressionPointer Beyond(std::size_t at, bool or_equal) const {
    const PageOrder::Key& key = order_.keys[at];
    const duckdb::Value null(order_.types[key.column]);
    if (values_[at].IsNull()) {
      return key.nulls_first ? Compare(ExpressionType::COMPARE_DISTINCT_FROM, key.column, null) : nullptr;
    }
    const auto up = or_equal ? ExpressionType::COMPARE_GREATERTHANOREQUALTO : ExpressionType::COMPARE_GREATERTHAN;
    const auto down = or_equal ? ExpressionType::COMPARE_LESSTHANOREQUALTO : ExpressionType::COMPARE_LESSTHAN;
    return Or(Compare(key.descending ? down : up, key.column, values_[at]),
              key.nulls_first ? nullptr : Compare(ExpressionType::COMPARE_NOT_DISTINCT_FROM, key.column, null));
  }

  static ExpressionPointer False() {
    return duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::BOOLEAN(false));
  }

  const PageOrder& order_;
  const duckdb::vector<duckdb::Value>& values_;
};

// Nullopt for a text that is no value of the type.
std::optional<duckdb::Value> ValueOf(duckdb::ClientContext& context, const std::string& text,
                                     const duckdb::LogicalType& type) {
  duckdb::Value value;
  bool is_value = false;
  std::string reason;
  context.RunFunctionInTransaction(
      [&] { is_value = duckdb::Value(text).TryCastAs(context, type, value, &reason, /*strict=*/false); });
  if (!is_value || value.IsNull()) return std::nullopt;
  return value;
}

Result<duckdb::vector<duckdb::Value>> ReadToken(duckdb::ClientContext& context, const PageOrder& order,
                                                const Page& page) {
  const Error wrong = Invalid(
      "'after' is not a token of this query as the lake stands now: it was cut, made for another 'sql', 'params' or "
      "'key', or the data has changed since; begin again without 'after'",
      "after");
  const auto keys = ReadPageToken(page.after, page.series, order.keys.size());
  if (!keys) return wrong;
  duckdb::vector<duckdb::Value> values;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const duckdb::LogicalType& type = order.types[order.keys[i].column];
    const auto& text = (*keys)[i];
    auto value = text ? ValueOf(context, *text, type) : duckdb::Value(type);
    if (!value) return wrong;
    values.push_back(*std::move(value));
  }
  return values;
}

duckdb::vector<std::string> ColumnNames(const PageOrder& order) {
  duckdb::vector<std::string> names;
  for (duckdb::idx_t i = 0; i < order.names.size(); ++i) names.push_back(ColumnName(i));
  return names;
}

// SELECT of all columns under their names, FROM a relation whose columns are called by their places: names may be
// alike.
duckdb::unique_ptr<duckdb::SelectNode> SelectAll(duckdb::unique_ptr<duckdb::TableRef> relation, const PageOrder& order,
                                                 std::uint64_t rows) {
  auto select = duckdb::make_uniq<duckdb::SelectNode>();
  for (duckdb::idx_t i = 0; i < order.names.size(); ++i) {
    auto column = PageColumn(i);
    column->SetAlias(order.names[i]);
    select->select_list.push_back(std::move(column));
  }
  relation->alias = kRelation;
  select->from_table = std::move(relation);
  auto limit = duckdb::make_uniq<duckdb::LimitModifier>();
  limit->limit = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::BIGINT(static_cast<std::int64_t>(rows)));
  select->modifiers.push_back(std::move(limit));
  return select;
}

duckdb::vector<duckdb::Value> KeysAt(duckdb::ColumnDataCollection& rows, const PageOrder& order, std::uint64_t row) {
  duckdb::vector<duckdb::Value> keys;
  for (auto& chunk : rows.Chunks()) {
    if (row < chunk.size()) {
      for (const PageOrder::Key& key : order.keys) keys.push_back(chunk.GetValue(key.column, row));
      break;
    }
    row -= chunk.size();
  }
  return keys;
}

}  // namespace

Result<PageOrder> FindPageOrder(const duckdb::QueryNode& node, duckdb::vector<std::string> names,
                                duckdb::vector<duckdb::LogicalType> types, const Page& page) {
  PageOrder order{{}, std::move(names), std::move(types)};
  for (const auto& modifier : node.modifiers) {
    switch (modifier->type) {
      case duckdb::ResultModifierType::ORDER_MODIFIER:
        if (auto status = AddOrderBy(order, node, modifier->Cast<duckdb::OrderModifier>()); !status) {
          return status.error();
        }
        break;
      case duckdb::ResultModifierType::DISTINCT_MODIFIER:
        if (!modifier->Cast<duckdb::DistinctModifier>().distinct_on_targets.empty()) return OwnLimit("DISTINCT ON");
        break;
      default: return OwnLimit("LIMIT");
    }
  }
  if (auto status = AddColumns(order, page.key); !status) return status.error();
  if (order.keys.empty()) {
    return Invalid("pages need an order: name the columns that tell rows apart in 'key', or add ORDER BY", "key");
  }
  return order;
}

Result<duckdb::unique_ptr<duckdb::QueryNode>> SelectPage(duckdb::ClientContext& context,
                                                         duckdb::unique_ptr<duckdb::QueryNode> node,
                                                         const PageOrder& order, const Page& page) {
  std::erase_if(node->modifiers,
                [](const auto& modifier) { return modifier->type == duckdb::ResultModifierType::ORDER_MODIFIER; });
  auto inner = duckdb::make_uniq<duckdb::SelectStatement>();
  inner->node = std::move(node);
  auto relation = duckdb::make_uniq<duckdb::SubqueryRef>(std::move(inner));
  relation->column_name_alias = ColumnNames(order);
  auto select = SelectAll(std::move(relation), order, page.rows + 1);
  if (!page.after.empty()) {
    const auto values = ReadToken(context, order, page);
    if (!values) return values.error();
    select->where_clause = Behind(order, *values).Condition();
  }
  auto by = duckdb::make_uniq<duckdb::OrderModifier>();
  for (const PageOrder::Key& key : order.keys) {
    by->orders.emplace_back(
        key.descending ? duckdb::OrderType::DESCENDING : duckdb::OrderType::ASCENDING,
        key.nulls_first ? duckdb::OrderByNullType::NULLS_FIRST : duckdb::OrderByNullType::NULLS_LAST,
        PageColumn(key.column));
  }
  select->modifiers.insert(select->modifiers.begin(), std::move(by));
  return duckdb::unique_ptr<duckdb::QueryNode>(std::move(select));
}

Result<std::string> NextPage(duckdb::ClientContext& context, duckdb::ColumnDataCollection& rows, const PageOrder& order,
                             const Page& page) {
  if (rows.Count() <= page.rows) return std::string();
  const auto last = KeysAt(rows, order, page.rows - 1);
  const auto behind = KeysAt(rows, order, page.rows);
  PageKeys keys;
  bool alike = true;
  for (std::size_t i = 0; i < order.keys.size(); ++i) {
    const PageOrder::Key& key = order.keys[i];
    const duckdb::Value& value = last[i];
    alike = alike && duckdb::Value::NotDistinctFrom(value, behind[i]);
    keys.push_back(value.IsNull() ? std::nullopt : std::optional<std::string>(value.ToString()));
    if (!keys.back()) continue;
    const auto again = ValueOf(context, *keys.back(), order.types[key.column]);
    if (again && duckdb::Value::NotDistinctFrom(*again, value)) continue;
    return Invalid(fmt::format("pages cannot be ordered by '{}': its value {} is not kept by a token",
                               order.names[key.column], *keys.back()),
                   "key");
  }
  if (alike) {
    std::vector<std::string> names;
    for (const PageOrder::Key& key : order.keys) names.push_back("'" + order.names[key.column] + "'");
    return Invalid(fmt::format("two rows at a page's end are alike in {}, and the next page would lose one of them; "
                               "name columns in 'key' that tell any two rows apart",
                               Join(names, ", ")),
                   "key");
  }
  std::string token = MakePageToken(page.series, keys);
  if (token.size() <= kLongestToken) return token;
  return Invalid(
      fmt::format("the values that order this page's last row are longer than the {} bytes of a token; order "
                  "by shorter ones",
                  kLongestToken),
      "key");
}

duckdb::unique_ptr<duckdb::QueryNode> SelectRows(duckdb::ColumnDataCollection& rows, const PageOrder& order,
                                                 const Page& page) {
  return SelectAll(duckdb::make_uniq<duckdb::ColumnDataRef>(rows, ColumnNames(order)), order, page.rows);
}

}  // namespace eider
