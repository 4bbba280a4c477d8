#include "engine/lake_scan.h"

#include <cstring>

#include "duckdb/common/multi_file/multi_file_states.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_limit.hpp"
#include "engine/lake_file_system.h"

namespace eider {
namespace {

using duckdb::LogicalOperatorType;

bool ReadsText(const duckdb::LogicalGet& get) {
  const std::string& name = get.function.name;
  return name.starts_with("read_csv") || name.starts_with("read_json") || name.starts_with("read_ndjson");
}

std::vector<ScannedColumn> ColumnsOf(const duckdb::LogicalGet& get) {
  std::vector<ScannedColumn> columns;
  for (const auto& index : get.GetColumnIds()) {
    const auto primary = index.GetPrimaryIndex();
    if (primary >= get.names.size()) continue;  // virtual: in no file
    auto& column = columns.emplace_back();
    column.name = get.names[primary];
    column.type = get.returned_types[primary];
    column.index = index;
    const auto filter = get.table_filters.filters.find(primary);
    if (filter != get.table_filters.filters.end()) column.filter = filter->second->Copy();
  }
  return columns;
}

std::optional<std::uint64_t> RowsOf(const duckdb::LogicalLimit& limit) {
  using duckdb::LimitNodeType;
  if (limit.limit_val.Type() != LimitNodeType::CONSTANT_VALUE) return std::nullopt;
  std::uint64_t rows = limit.limit_val.GetConstantValue();
  if (limit.offset_val.Type() == LimitNodeType::CONSTANT_VALUE) {
    rows += limit.offset_val.GetConstantValue();
  } else if (limit.offset_val.Type() != LimitNodeType::UNSET) {
    return std::nullopt;
  }
  return rows;
}

// Of paths and nothing more; the lists of table formats know of deleted rows, too.
bool IsPlainList(const duckdb::MultiFileList& files) {
  return dynamic_cast<const duckdb::SimpleMultiFileList*>(&files) != nullptr ||
         dynamic_cast<const duckdb::GlobMultiFileList*>(&files) != nullptr;
}

// `rows`: how many of this operator's rows are enough.
void Visit(duckdb::LogicalOperator& op, std::optional<std::uint64_t> rows, std::vector<LakeScan>& scans) {
  switch (op.type) {
    case LogicalOperatorType::LOGICAL_GET: {
      auto& get = op.Cast<duckdb::LogicalGet>();
      const bool parquet = ReadsParquet(get.function);
      if ((!parquet && !ReadsText(get)) || !get.bind_data) break;
      LakeScan scan;
      scan.parquet = parquet;
      const auto& bound = get.bind_data->Cast<duckdb::MultiFileBindData>();
      for (const auto& file : bound.file_list->Files()) {
        if (!file.path.starts_with(LakeFileSystem::kScheme)) continue;
        scan.keys.push_back(file.path.substr(std::strlen(LakeFileSystem::kScheme)));
      }
      scan.columns = ColumnsOf(get);
      if (get.table_filters.filters.empty()) scan.rows = rows;
      if (!scan.keys.empty()) scans.push_back(std::move(scan));
      break;
    }
    case LogicalOperatorType::LOGICAL_LIMIT: rows = RowsOf(op.Cast<duckdb::LogicalLimit>()); break;
    case LogicalOperatorType::LOGICAL_PROJECTION:
    case LogicalOperatorType::LOGICAL_COPY_TO_FILE: break;
    default: rows.reset(); break;
  }
  const bool joins = op.type == LogicalOperatorType::LOGICAL_COMPARISON_JOIN ||
                     op.type == LogicalOperatorType::LOGICAL_DELIM_JOIN ||
                     op.type == LogicalOperatorType::LOGICAL_ANY_JOIN;
  if (joins && op.children.size() == 2) {  // the right side is built first
    Visit(*op.children[1], std::nullopt, scans);
    Visit(*op.children[0], std::nullopt, scans);
    return;
  }
  for (auto& child : op.children) Visit(*child, rows, scans);
}

// Below the LIMIT stands a scan, or a table of the query that may turn out to be one, with nothing between them that
// changes which rows there are.
bool LimitsAScan(const duckdb::LogicalLimit& limit) {
  const duckdb::LogicalOperator* child = limit.children[0].get();
  while (child->type == LogicalOperatorType::LOGICAL_PROJECTION) child = child->children[0].get();
  if (child->type == LogicalOperatorType::LOGICAL_CTE_REF) return true;
  return child->type == LogicalOperatorType::LOGICAL_GET && ReadsParquet(child->Cast<duckdb::LogicalGet>().function);
}

}  // namespace

void HideLimits(duckdb::LogicalOperator& plan) {
  for (auto& child : plan.children) HideLimits(*child);
  if (plan.type != LogicalOperatorType::LOGICAL_LIMIT) return;
  auto& limit = plan.Cast<duckdb::LogicalLimit>();
  if (limit.limit_val.Type() != duckdb::LimitNodeType::CONSTANT_VALUE || !LimitsAScan(limit)) return;
  const auto rows = static_cast<std::int64_t>(limit.limit_val.GetConstantValue());
  limit.limit_val = duckdb::BoundLimitNode::ExpressionValue(
      duckdb::make_uniq<duckdb::BoundConstantExpression>(duckdb::Value::BIGINT(rows)));
}

void ShowLimits(duckdb::LogicalOperator& plan) {
  for (auto& child : plan.children) ShowLimits(*child);
  if (plan.type != LogicalOperatorType::LOGICAL_LIMIT) return;
  auto& limit = plan.Cast<duckdb::LogicalLimit>();
  if (limit.limit_val.Type() != duckdb::LimitNodeType::EXPRESSION_VALUE) return;
  const duckdb::Expression& expression = limit.limit_val.GetValueExpression();
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_CONSTANT) return;
  const auto& rows = expression.Cast<duckdb::BoundConstantExpression>().value;
  if (!rows.IsNull()) limit.limit_val = duckdb::BoundLimitNode::ConstantValue(rows.GetValue<std::int64_t>());
}

bool ReadsParquet(const duckdb::TableFunction& scan) {
  return scan.name == "parquet_scan" || scan.name == "read_parquet";
}

std::vector<LakeScan> FindLakeScans(duckdb::LogicalOperator& plan) {
  std::vector<LakeScan> scans;
  Visit(plan, std::nullopt, scans);
  return scans;
}

void TakePlannedFiles(duckdb::LogicalOperator& plan, const PlannedFiles::Need& need) {
  for (auto& child : plan.children) TakePlannedFiles(*child, need);
  if (plan.type != LogicalOperatorType::LOGICAL_GET) return;
  auto& get = plan.Cast<duckdb::LogicalGet>();
  if (!ReadsParquet(get.function) || !get.bind_data) return;
  auto& files = get.bind_data->Cast<duckdb::MultiFileBindData>().file_list;
  if (IsPlainList(*files)) files = duckdb::make_shared_ptr<PlannedFiles>(*files, need);
}

}  // namespace eider
