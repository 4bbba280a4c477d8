#include "engine/answer_table.h"

#include <fmt/format.h>

namespace eider {
namespace {

constexpr std::size_t kQueryRows = 100'000;

TypeClass ClassOf(const duckdb::LogicalType& type) {
  using duckdb::LogicalTypeId;
  switch (type.id()) {
    case LogicalTypeId::VARCHAR:
    case LogicalTypeId::ENUM:
    case LogicalTypeId::UUID: return TypeClass::kText;
    case LogicalTypeId::BOOLEAN: return TypeClass::kBoolean;
    case LogicalTypeId::BLOB:
    case LogicalTypeId::BIT: return TypeClass::kBlob;
    case LogicalTypeId::GEOMETRY: return TypeClass::kGeometry;
    default: break;
  }
  if (type.IsNumeric()) return TypeClass::kNumber;
  if (type.IsTemporal()) return TypeClass::kTemporal;
  if (type.IsNested()) return TypeClass::kNested;
  return TypeClass::kOther;
}

}  // namespace

std::vector<Column> MakeColumns(const duckdb::vector<std::string>& names,
                                const duckdb::vector<duckdb::LogicalType>& types) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    columns.push_back({names[i], types[i].ToString(), ClassOf(types[i])});
  }
  return columns;
}

Result<Table> ReadTable(duckdb::QueryResult& result) {
  Table table;
  table.columns = MakeColumns(result.names, result.types);
  while (const auto chunk = result.Fetch()) {
    if (table.rows.size() + chunk->size() > kQueryRows) {
      return Error{
          ErrorKind::kExhausted, fmt::format("an answer of more than {} rows is not kept in memory", kQueryRows), {}};
    }
    for (duckdb::idx_t row = 0; row < chunk->size(); ++row) {
      auto& cells = table.rows.emplace_back();
      for (duckdb::idx_t column = 0; column < chunk->ColumnCount(); ++column) {
        const auto value = chunk->GetValue(column, row);
        cells.push_back(value.IsNull() ? std::nullopt : std::optional<std::string>(value.ToString()));
      }
    }
  }
  if (result.HasError()) result.ThrowError();
  return table;
}

}  // namespace eider
