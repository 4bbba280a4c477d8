// SQL over the lake: from a query's text to the one Statement that the engine runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "engine/database.h"

namespace eider {

struct QueryRequest {
  std::string sql;  // one SELECT over datasets, lake('glob'), 'glob' in quotes and read_csv('glob') and its kind
  std::vector<BoundValue> values;
  std::optional<std::uint64_t> limit;  // at most so many rows
  // The answer is one page of `limit` rows: see Page in engine/database.h. nullopt: it is no page.
  std::optional<std::vector<std::string>> key;
  std::string after;  // the token of the page before; empty: the first
  Format format = Format::kCsv;
  bool confined = false;                             // from outside: see engine/sandbox.h
  bool with_key = true;                              // whoever asks may read datasets that are for holders of a key
  std::optional<std::vector<std::string>> datasets;  // the only ones that whoever asks may read; nullopt: all
};

struct LakeQuery {
  Statement statement;
  std::string version;   // hash of the question and of all objects that it reads; empty: the answer changes by itself
  std::string withheld;  // a dataset that whoever asks may not read: there is no statement; or empty
};

// Opens every dataset that the SQL names. The catalog's error for a name that it does not know, with the nearest one.
// An object is read by its path only where whoever asks may read all of the lake: a path goes around what the
// configuration withholds.
Result<LakeQuery> MakeQuery(const QueryRequest& request, Catalog& catalog, Database& database, const Call& call = {});

}  // namespace eider
