// The tables of an attached catalog, with their columns.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "engine/attached_catalog.h"
#include "engine/database.h"

namespace eider {

// Of the one that is attached as `alias`, without what a server tells of itself. Asks no other catalog. Throws DuckDB's
// exceptions.
std::vector<CatalogTable> TablesIn(duckdb::ClientContext& context, const std::string& alias);

// Of one whose tables are folders: their names; the columns stand in files of each. `time` 0: no limit.
Result<std::vector<CatalogTable>> TablesInFolders(const AttachedCatalog& catalog, std::chrono::milliseconds time,
                                                  std::stop_token stop);

}  // namespace eider
