// A folder of the local file system as an ObjectStore. Keys are paths below it; files that are reached only through a
// link that leaves the folder do not exist for it.
#pragma once

#include <memory>
#include <string>

#include "object/object_store.h"

namespace eider {

// kNotFound when `path` does not exist, kInvalid when it is no folder.
Result<std::unique_ptr<ObjectStore>> OpenLocalStore(const std::string& path);

}  // namespace eider
