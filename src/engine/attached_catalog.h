// Somebody else's catalog, which statements read as NAME.schema.table: a database, a DuckLake, or folders of Iceberg or
// Delta tables. It is attached when a statement first names it, and only to read.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "object/object_store.h"

namespace eider {

enum class CatalogType : std::uint8_t { kDelta, kDuckLake, kIceberg, kMySql, kPostgres, kSqlite };

struct AttachedCatalog {
  std::string name;  // as eider.yaml writes it; SQL ignores case
  CatalogType type = CatalogType::kSqlite;
  // Of a lake's files: the key of a file (SQLite, DuckLake) or of the folder that tables lie in (Iceberg, Delta).
  std::string path;
  std::string data_path;         // DuckLake: the folder of its data files; empty: as its metadata says
  ObjectStore* store = nullptr;  // of `path`; outlives every statement
  std::string endpoint;          // of Iceberg's REST protocol; its tables' files lie in the lake, below `path`
  // A server's: HOST, PORT, DATABASE, USER, PASSWORD, as DuckDB's secrets call them. An endpoint's: DATABASE and either
  // a token as PASSWORD, or OAuth2's client as USER and PASSWORD, with SCOPE and TOKEN_ENDPOINT. None is ever shown,
  // for an address or a name is a part of the way in.
  std::map<std::string, std::string> login;

  // Without a catalog of its own: NAME.a.b is the table in the folder path/a/b.
  bool is_folder() const { return type == CatalogType::kDelta || (type == CatalogType::kIceberg && endpoint.empty()); }
};

// By name in lower case.
using AttachedCatalogs = std::map<std::string, std::shared_ptr<const AttachedCatalog>>;

}  // namespace eider
