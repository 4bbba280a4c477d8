#include "engine/copy.h"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "engine/json_numbers.h"
#include "engine/sink_file_system.h"

namespace eider {
namespace {

void SetOptions(duckdb::CopyInfo& info, Format format) {
  using duckdb::Value;
  switch (format) {
    case Format::kCsv:  // RFC 4180; NULL is an empty field and the empty string is ""
      info.format = "csv";
      info.options["header"] = {Value::BOOLEAN(true)};
      info.options["new_line"] = {Value("\r\n")};
      return;
    case Format::kTsv:
      info.format = "csv";
      info.options["header"] = {Value::BOOLEAN(true)};
      info.options["delimiter"] = {Value("\t")};
      return;
    case Format::kJson:
    case Format::kGeoJson:
      info.format = "json";
      info.options["array"] = {Value::BOOLEAN(true)};
      return;
    case Format::kNdjson: info.format = "json"; return;
    case Format::kXlsx:
      info.format = "xlsx";
      info.options["header"] = {Value::BOOLEAN(true)};
      return;
    case Format::kParquet:
    case Format::kArrow: info.format = "parquet"; return;
  }
}

// DuckDB's JSON made strict; for GeoJSON also {"type":"FeatureCollection","features": … } around the array of features.
// The writer hands over whole rows, so that each write begins outside of a string.
class JsonSink final : public Sink {
 public:
  JsonSink(Sink& sink, bool features) : sink_(sink), features_(features) {}

  Status Write(std::span<const char> bytes) override {
    if (auto status = Begin(); !status) return status;
    if (QuoteNonFinite({bytes.data(), bytes.size()}, quoted_)) return sink_.Write(quoted_);
    return sink_.Write(bytes);
  }
  Status Close() override {
    if (auto status = Begin(); !status) return status;
    if (features_) {
      if (auto status = sink_.Write(std::span(std::string_view("}\n"))); !status) return status;
    }
    return sink_.Close();
  }

 private:
  Status Begin() {
    if (!features_ || begun_) return {};
    begun_ = true;
    return sink_.Write(std::span(std::string_view(R"({"type":"FeatureCollection","features":)")));
  }

  Sink& sink_;
  const bool features_;
  bool begun_ = false;
  std::string quoted_;
};

}  // namespace

duckdb::unique_ptr<duckdb::CopyStatement> MakeCopy(duckdb::unique_ptr<duckdb::QueryNode> node, Format format,
                                                   bool keep_order) {
  auto copy = duckdb::make_uniq<duckdb::CopyStatement>();
  duckdb::CopyInfo& info = *copy->info;
  info.is_from = false;
  info.is_format_auto_detected = false;
  info.file_path = std::string(SinkFileSystem::kScheme) + "result";
  info.select_statement = std::move(node);
  info.options["use_tmp_file"] = {duckdb::Value::BOOLEAN(false)};
  info.options["preserve_order"] = {duckdb::Value::BOOLEAN(keep_order)};
  SetOptions(info, format);
  return copy;
}

std::unique_ptr<Sink> WrapSink(Format format, Sink& sink) {
  const bool features = format == Format::kGeoJson;
  if (!features && format != Format::kJson && format != Format::kNdjson) return nullptr;
  return std::make_unique<JsonSink>(sink, features);
}

void WriteInOrderOnOneThread(duckdb::Connection& connection) {
  duckdb::ClientContext& context = *connection.context;
  context.RunFunctionInTransaction([&] {
    auto& catalog = duckdb::Catalog::GetSystemCatalog(context);
    for (const char* name : {"csv", "parquet"}) {  // JSON is written by the CSV writer
      auto& entry = catalog.GetEntry<duckdb::CopyFunctionCatalogEntry>(context, DEFAULT_SCHEMA, name);
      entry.function.execution_mode = [](bool keep_order, bool) {
        return keep_order ? duckdb::CopyFunctionExecutionMode::REGULAR_COPY_TO_FILE
                          : duckdb::CopyFunctionExecutionMode::PARALLEL_COPY_TO_FILE;
      };
    }
  });
}

}  // namespace eider
