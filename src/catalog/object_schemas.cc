#include "catalog/object_schemas.h"

namespace eider {
namespace {

// About 200 bytes each: some 40 MB when full, and twice the objects that one dataset may have.
constexpr std::size_t kKeptObjects = 200'000;

std::string VersionKey(const ObjectInfo& object) { return object.key + '\0' + object.etag; }

std::string TextOf(const ObjectSchema& schema) {
  std::string text;
  for (const Column& column : schema.columns) text += column.name + '\0' + column.type + '\0';
  return text;
}

}  // namespace

ObjectSchemas::ObjectSchemas() : kept_(kKeptObjects) {}

ObjectSchemas::Pointer ObjectSchemas::Find(const ObjectInfo& object) {
  return kept_.Get(VersionKey(object)).value_or(nullptr);
}

ObjectSchemas::Pointer ObjectSchemas::Keep(const ObjectInfo& object, ObjectSchema schema) {
  Pointer pointer;
  {
    const std::lock_guard lock(mutex_);
    auto& interned = interned_[TextOf(schema)];
    pointer = interned.lock();
    if (!pointer) interned = pointer = std::make_shared<const ObjectSchema>(std::move(schema));
    if (interned_.size() > 1000) std::erase_if(interned_, [](const auto& entry) { return entry.second.expired(); });
  }
  kept_.Put(VersionKey(object), pointer);
  return pointer;
}

}  // namespace eider
