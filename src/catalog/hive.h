// Hive partitions: folders named key=value are columns. Their types are decided here once for the dataset, because
// DuckDB decides them from the objects of one statement.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.h"

namespace eider {

struct HiveColumn {
  std::string name;
  std::string type;  // SQL
};

// BIGINT when every value is written as a number writes itself ("2001", not "01", which stays text so that nothing of
// "00501" is lost), DATE when every value is an ISO date, else VARCHAR; `types` of the configuration win. Empty when
// no key holds a key=value folder; kInvalid naming two objects when only some do or when they differ in their keys.
Result<std::vector<HiveColumn>> LearnHive(const std::vector<ObjectInfo>& objects, const DatasetConfig& config);

// ", hive_partitioning=true, hive_types={…}" or ", hive_partitioning=0".
std::string HiveArguments(const std::vector<HiveColumn>& columns);

}  // namespace eider
