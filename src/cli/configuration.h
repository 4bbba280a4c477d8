// The configuration outside of the lake: a file, an object, or the YAML itself, as --config and EIDER_CONFIG say.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "object/object_store.h"

namespace eider {

struct Configuration {
  std::string yaml;
  std::string name;                          // for messages
  std::unique_ptr<ObjectStore> model_store;  // what lies beside it; null: nothing does
};

// `told` is the YAML itself where it has several lines or stands in braces, an object where it begins with s3://,
// https:// or http://, else a path.
Result<Configuration> ReadConfiguration(const std::string& told, const StoreOptions& store);

}  // namespace eider
