// Files below an HTTPS address, read-only. There is no way to list them: datasets name their objects.
#pragma once

#include <memory>
#include <string>

#include "object/object_store.h"

namespace eider {

// `root` is "https://host/path", or http:// on this machine. Nothing is asked of it yet.
Result<std::unique_ptr<ObjectStore>> OpenHttpsStore(const std::string& root, const StoreOptions& options);

}  // namespace eider
