// SQL over the lake: from a query's text to the one Statement that the engine runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/catalog.h"
#include "engine/database.h"

namespace eider {

struct QueryRequest {
  std::string sql;                     // one SELECT over datasets, lake('glob') and 'glob' in quotes
  std::optional<std::uint64_t> limit;  // at most so many rows
  Format format = Format::kCsv;
};

// Opens every dataset that the SQL names. The catalog's error for a name that it does not know, with the nearest one.
Result<Statement> MakeQuery(const QueryRequest& request, Catalog& catalog, Database& database, const Call& call = {});

}  // namespace eider
