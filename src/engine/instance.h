// Opens an instance of DuckDB as Eider uses it: its file systems, casts, sandbox and read planner.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "duckdb.hpp"
#include "engine/database.h"

namespace eider {

// After this no statement can reach a file, a setting or an extension that it was not given. Throws DuckDB's
// exceptions.
Result<std::unique_ptr<duckdb::DuckDB>> OpenConfinedInstance(const DatabaseOptions& options);

// One that may load extensions and attach databases. Every file it opens is opened by `files`; what is read otherwise
// (a database server) only an ATTACH names, and no statement is one.
Result<std::unique_ptr<duckdb::DuckDB>> OpenAttachingInstance(const DatabaseOptions& options,
                                                              duckdb::unique_ptr<duckdb::FileSystem> files);

// Runs one statement of Eider's own.
Status RunOwn(duckdb::Connection& connection, const std::string& sql);

}  // namespace eider
