// ObjectSchemas: what was learned of single objects, kept for as long as their ETags stay, so that only new objects are
// looked at when a dataset grows. Equal schemas are held once. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "catalog/lru.h"
#include "engine/database.h"
#include "object/object_store.h"

namespace eider {

struct ObjectSchema {
  std::vector<Column> columns;
};

class ObjectSchemas {
 public:
  using Pointer = std::shared_ptr<const ObjectSchema>;

  ObjectSchemas();

  Pointer Find(const ObjectInfo& object);  // null when nothing is known of this version of the object
  Pointer Keep(const ObjectInfo& object, ObjectSchema schema);

 private:
  Lru<Pointer> kept_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const ObjectSchema>> interned_;  // by their text
};

}  // namespace eider
