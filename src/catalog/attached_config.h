// `catalogs` of eider.yaml: the catalogs of others that SQL reads as NAME.schema.table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/yaml_reader.h"
#include "engine/attached_catalog.h"

namespace eider {

struct AttachedConfig {
  AttachedCatalog catalog;   // without its store and its password
  std::string password_env;  // the variable that holds the password; empty: none is needed
  bool needs_key = false;    // access: key; only for who has an API key
};

// By name in lower case, for SQL ignores case.
using AttachedConfigs = std::map<std::string, AttachedConfig>;

Status ReadAttachedConfigs(const YamlReader& yaml, const YAML::Node& node, const std::string& what,
                           AttachedConfigs& configs);

// What each may say: "type", "path", …
std::vector<std::string> AttachedConfigKeys();

}  // namespace eider
