#include "engine/instance.h"

#include <fmt/format.h>

#include "duckdb/common/virtual_file_system.hpp"
#include "duckdb/main/database.hpp"
#include "engine/copy.h"
#include "engine/duckdb_error.h"
#include "engine/lake_file_system.h"
#include "engine/read_planner.h"
#include "engine/real_casts.h"
#include "engine/sandbox.h"
#include "engine/sink_file_system.h"

namespace eider {
namespace {

std::unique_ptr<duckdb::DBConfig> ConfigOf(const DatabaseOptions& options) {
  auto config = std::make_unique<duckdb::DBConfig>();
  config->options.maximum_memory = options.memory_bytes;
  config->options.maximum_threads = static_cast<duckdb::idx_t>(options.threads);
  config->options.temporary_directory = options.spill_folder;
  return config;
}

Status Prepare(duckdb::DuckDB& database, const DatabaseOptions& options) {
  auto& files = database.instance->GetFileSystem();
  files.RegisterSubSystem(duckdb::make_uniq<LakeFileSystem>());
  files.RegisterSubSystem(duckdb::make_uniq<SinkFileSystem>());
  RegisterRealCasts(*database.instance);
  RegisterSandbox(duckdb::DBConfig::GetConfig(*database.instance));
  RegisterReadPlanner(duckdb::DBConfig::GetConfig(*database.instance));
  duckdb::Connection connection(database);
  WriteParquetInOrderOnOneThread(connection);
  for (const std::string& sql : {
           fmt::format("SET max_temp_directory_size='{}B'", options.spill_bytes),
           std::string("SET autoinstall_known_extensions=false"), std::string("SET autoload_known_extensions=false"),
           std::string("SET enable_external_file_cache=false"),    // who caches bytes of the lake is Eider's to decide
           std::string("SET GLOBAL parquet_metadata_cache=true"),  // parsed once; the ETag says whether it still holds
           std::string("SET GLOBAL TimeZone='UTC'"),               // equal requests give equal bytes wherever they run
       }) {
    if (auto status = RunOwn(connection, sql); !status) return status;
  }
  return {};
}

}  // namespace

Status RunOwn(duckdb::Connection& connection, const std::string& sql) {
  const auto result = connection.Query(sql);
  return result->HasError() ? Status(ToError(result->GetErrorObject())) : Status();
}

Result<std::unique_ptr<duckdb::DuckDB>> OpenConfinedInstance(const DatabaseOptions& options) {
  auto database = std::make_unique<duckdb::DuckDB>(nullptr, ConfigOf(options).get());
  if (auto status = Prepare(*database, options); !status) return status.error();
  duckdb::Connection connection(*database);
  for (const char* sql : {"SET allowed_directories=['lake://', 'sink://']", "SET enable_external_access=false",
                          "SET lock_configuration=true"}) {
    if (auto status = RunOwn(connection, sql); !status) return status.error();
  }
  return database;
}

Result<std::unique_ptr<duckdb::DuckDB>> OpenAttachingInstance(const DatabaseOptions& options,
                                                              duckdb::unique_ptr<duckdb::FileSystem> files) {
  auto config = ConfigOf(options);
  config->file_system = duckdb::make_uniq<duckdb::VirtualFileSystem>(std::move(files));
  auto database = std::make_unique<duckdb::DuckDB>(nullptr, config.get());
  if (auto status = Prepare(*database, options); !status) return status.error();
  duckdb::Connection connection(*database);
  for (const char* sql : {"SET allow_persistent_secrets=false", "SET allow_community_extensions=false"}) {
    if (auto status = RunOwn(connection, sql); !status) return status.error();
  }
  return database;
}

}  // namespace eider
