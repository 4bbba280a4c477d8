#include "engine/narrow.h"

#include "duckdb/parser/expression/cast_expression.hpp"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"

namespace eider {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;

bool Lacks(Format format, LogicalTypeId type) {
  switch (type) {
    case LogicalTypeId::HUGEINT:
    case LogicalTypeId::UHUGEINT: return true;
    case LogicalTypeId::INTERVAL: return format == Format::kParquet;
    case LogicalTypeId::ENUM:
    case LogicalTypeId::BIT:
    case LogicalTypeId::TIME_TZ:
    case LogicalTypeId::TIME_NS:
    case LogicalTypeId::BIGNUM:
    case LogicalTypeId::UUID:
    case LogicalTypeId::VARIANT:
    case LogicalTypeId::SQLNULL:
    case LogicalTypeId::UNION: return format == Format::kArrow;
    default: return false;
  }
}

LogicalType Narrow(const LogicalType& type, Format format) {
  if (Lacks(format, type.id())) return LogicalType::VARCHAR;
  switch (type.id()) {
    case LogicalTypeId::LIST: return LogicalType::LIST(Narrow(duckdb::ListType::GetChildType(type), format));
    case LogicalTypeId::ARRAY: {
      const auto child = Narrow(duckdb::ArrayType::GetChildType(type), format);
      const bool as_list = format == Format::kArrow || child != duckdb::ArrayType::GetChildType(type);
      return as_list ? LogicalType::LIST(child) : type;
    }
    case LogicalTypeId::MAP:
      return LogicalType::MAP(Narrow(duckdb::MapType::KeyType(type), format),
                              Narrow(duckdb::MapType::ValueType(type), format));
    case LogicalTypeId::STRUCT: {
      duckdb::child_list_t<LogicalType> children;
      for (const auto& [name, child] : duckdb::StructType::GetChildTypes(type)) {
        children.emplace_back(name, Narrow(child, format));
      }
      return LogicalType::STRUCT(std::move(children));
    }
    default: return type;
  }
}

}  // namespace

void CastForFormat(duckdb::unique_ptr<duckdb::QueryNode>& node, const duckdb::vector<std::string>& names,
                   const duckdb::vector<LogicalType>& types, Format format) {
  auto outer = duckdb::make_uniq<duckdb::SelectNode>();
  bool changed = false;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto type = Narrow(types[i], format);
    auto column = duckdb::make_uniq_base<duckdb::ParsedExpression, duckdb::ColumnRefExpression>(names[i]);
    if (type != types[i]) {
      changed = true;
      column = duckdb::make_uniq_base<duckdb::ParsedExpression, duckdb::CastExpression>(type, std::move(column));
      column->SetAlias(names[i]);
    }
    outer->select_list.push_back(std::move(column));
  }
  if (!changed) return;
  auto inner = duckdb::make_uniq<duckdb::SelectStatement>();
  inner->node = std::move(node);
  outer->from_table = duckdb::make_uniq<duckdb::SubqueryRef>(std::move(inner), "answer");
  node = std::move(outer);
}

}  // namespace eider
