#include "api/openapi_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>

#include "download/request.h"

namespace eider {
namespace {

namespace json = boost::json;

json::object Parameter(const std::string& name, const std::string& description, json::object schema) {
  return {{"name", name}, {"in", "query"}, {"description", description}, {"schema", std::move(schema)}};
}

// Values with commas between them.
json::object ListParameter(const std::string& name, const std::string& description, json::object schema) {
  json::object parameter = Parameter(name, description, std::move(schema));
  parameter["style"] = "form";
  parameter["explode"] = false;
  return parameter;
}

json::object Text() { return {{"type", "string"}}; }
json::object SomeText() { return {{"type", "string"}, {"minLength", 1}}; }

template <class Integer>
json::object Within() {
  using Limits = std::numeric_limits<Integer>;
  return {{"type", "integer"}, {"minimum", Limits::min()}, {"maximum", Limits::max()}};
}

json::object ValueSchema(const Column& column) {
  static const std::map<std::string_view, json::object> kOfType = {
      {"TINYINT", Within<std::int8_t>()},
      {"SMALLINT", Within<std::int16_t>()},
      {"INTEGER", Within<std::int32_t>()},
      {"BIGINT", Within<std::int64_t>()},
      {"UTINYINT", Within<std::uint8_t>()},
      {"USMALLINT", Within<std::uint16_t>()},
      {"UINTEGER", Within<std::uint32_t>()},
      {"UBIGINT", Within<std::uint64_t>()},
      {"HUGEINT", {{"type", "integer"}}},
      {"UHUGEINT", {{"type", "integer"}, {"minimum", 0}}},
      {"DATE", {{"type", "string"}, {"format", "date"}}},
      {"UUID", {{"type", "string"}, {"format", "uuid"}}},
  };
  if (const auto found = kOfType.find(column.type); found != kOfType.end()) return found->second;
  if (column.type_class == TypeClass::kNumber) return {{"type", "number"}};
  if (column.type_class == TypeClass::kBoolean) return {{"type", "boolean"}};
  return Text();
}

json::object FilterParameter(const Column& column, Operator op) {
  const std::string name = op == Operator::kEq ? column.name : fmt::format("{}__{}", column.name, OperatorName(op));
  const std::string description = fmt::format("{} ({})", OperatorName(op), column.type);
  switch (op) {
    case Operator::kIsNull:
    case Operator::kNotNull: return Parameter(name, description, {{"type", "string"}, {"enum", {"1", "true", ""}}});
    case Operator::kContains:
    case Operator::kStartsWith:
    case Operator::kEndsWith:
    case Operator::kLike: return Parameter(name, description, Text());
    case Operator::kIn:
    case Operator::kNotIn:
    case Operator::kBetween: break;
    default: return Parameter(name, description, ValueSchema(column));
  }
  json::object item = ValueSchema(column);
  const bool text = item == Text();
  if (text) item["pattern"] = "^[^,]*$";
  json::object list{{"type", "array"}, {"items", std::move(item)}};
  if (op == Operator::kBetween) {
    list["minItems"] = 2;
    list["maxItems"] = 2;
  } else if (!text) {
    list["minItems"] = 1;  // nothing is one empty text
  }
  return ListParameter(name, description, std::move(list));
}

json::object ListOf(json::array names) {
  return {{"type", "array"}, {"minItems", 1}, {"items", {{"type", "string"}, {"enum", std::move(names)}}}};
}

json::array OwnParameters(const Dataset& dataset) {
  json::array columns;
  json::array keys;
  for (const Column& column : dataset.columns) {
    if (column.name.find(',') != std::string::npos) continue;  // it cannot be named in a list
    columns.emplace_back(column.name);
    keys.emplace_back(column.name);
    keys.emplace_back("-" + column.name);
  }
  json::object chosen = ListOf(std::move(columns));
  chosen["uniqueItems"] = true;
  const json::object flag{{"type", "string"}, {"enum", {"1", "0", ""}}};
  return {
      ListParameter("_columns", "Columns to answer, in this order", std::move(chosen)),
      ListParameter("_sort", "Columns to sort by; a '-' in front sorts descending", ListOf(std::move(keys))),
      Parameter("_limit", "At most so many rows", Within<std::uint64_t>()),
      Parameter("_after", "Token of the next page, from a Link header", SomeText()),
      Parameter("_count", "The number of rows instead of rows", flag),
      Parameter("_order", "'any' gives up the source's order for speed",
                {{"type", "string"}, {"enum", {"source", "any"}}}),
      Parameter("_dry_run", "What the download would cost, without rows", flag),
      Parameter("_view", "To be shown by a browser instead of saved", flag),
      Parameter("_receipt", "Rows and digest of an earlier download, by its Eider-Request-Id", SomeText()),
  };
}

}  // namespace

json::array DownloadParameters(const Dataset& dataset) {
  json::array parameters = OwnParameters(dataset);
  for (const Column& column : dataset.columns) {
    const auto& filters = dataset.config.filters;
    if (filters && std::find(filters->begin(), filters->end(), column.name) == filters->end()) continue;
    for (const Operator op : OperatorsOf(column.type_class)) parameters.push_back(FilterParameter(column, op));
  }
  return parameters;
}

}  // namespace eider
