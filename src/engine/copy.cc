#include "engine/copy.h"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "engine/sink_file_system.h"

namespace eider {

duckdb::unique_ptr<duckdb::CopyStatement> MakeParquetCopy(duckdb::unique_ptr<duckdb::QueryNode> node, bool keep_order) {
  auto copy = duckdb::make_uniq<duckdb::CopyStatement>();
  duckdb::CopyInfo& info = *copy->info;
  info.is_from = false;
  info.is_format_auto_detected = false;
  info.format = "parquet";
  info.file_path = std::string(SinkFileSystem::kScheme) + "result";
  info.select_statement = std::move(node);
  info.options["use_tmp_file"] = {duckdb::Value::BOOLEAN(false)};
  info.options["preserve_order"] = {duckdb::Value::BOOLEAN(keep_order)};
  return copy;
}

void WriteParquetInOrderOnOneThread(duckdb::Connection& connection) {
  duckdb::ClientContext& context = *connection.context;
  context.RunFunctionInTransaction([&] {
    auto& catalog = duckdb::Catalog::GetSystemCatalog(context);
    auto& entry = catalog.GetEntry<duckdb::CopyFunctionCatalogEntry>(context, DEFAULT_SCHEMA, "parquet");
    entry.function.execution_mode = [](bool keep_order, bool) {
      return keep_order ? duckdb::CopyFunctionExecutionMode::REGULAR_COPY_TO_FILE
                        : duckdb::CopyFunctionExecutionMode::PARALLEL_COPY_TO_FILE;
    };
  });
}

}  // namespace eider
