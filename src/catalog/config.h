// eider.yaml: what it may say, and the parser. A new key is a line in one of the tables of config.cc and a property in
// eider.schema.json; a test holds the two together.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/attached_config.h"
#include "catalog/catalog.h"
#include "catalog/dependency_order.h"

namespace eider {

struct CatalogConfig {
  LakeConfig lake;
  AccessConfig access;
  ServerFiles server;
  std::map<std::string, DatasetConfig> datasets;  // by name, views too
  AttachedConfigs attached;                       // catalogs of others
  // What files of the lake are no discovered dataset: those that datasets, and catalogs of others, are made of.
  std::map<std::string, DatasetConfig> claims;
  ReadsByName views;  // what each view reads; none reads itself
};

// `name` is the file's, for messages. The database judges the types of `types`; nothing is read.
Result<CatalogConfig> ParseConfig(const std::string& text, const std::string& name, Database& database);

// Every key that the parser knows: "lake", "lake.title", "datasets", "datasets.*.glob", …
std::vector<std::string> ConfigKeys();

}  // namespace eider
