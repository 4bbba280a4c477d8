// The limits of a client as YAML says them, in eider.yaml and in a file of keys.
#pragma once

#include <string>
#include <vector>

#include "catalog/client_limits.h"
#include "catalog/yaml_reader.h"

namespace eider {

Status ReadClientLimits(const YamlReader& yaml, const YAML::Node& node, const std::string& what,
                        ClientLimitChanges& limits);

// "requests_per_second", "burst", …
std::vector<std::string> ClientLimitKeys();

}  // namespace eider
