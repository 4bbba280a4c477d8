// A bucket, or the keys below a prefix of it, as an ObjectStore.
#pragma once

#include <memory>
#include <string>

#include "object/object_store.h"

namespace eider {

// `root` is "s3://bucket[/prefix]". Nothing is asked of the bucket yet.
Result<std::unique_ptr<ObjectStore>> OpenS3Store(const std::string& root, const StoreOptions& options);

}  // namespace eider
