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

// What a CSV object showed beyond its columns.
struct CsvFacts {
  char delimiter = ',';
  bool header = true;
  std::string date_format;       // of strptime; empty: ISO
  std::string timestamp_format;  // the same

  struct Values {
    bool only_nulls = false;  // no value at all: fits any type
    bool empty_text = false;  // a quoted empty string occurs
    bool wide = false;        // an integer that a DOUBLE cannot hold
  };
  std::vector<Values> values;  // one for each column
  bool whole = true;           // every row was looked at, not only the first ones
};

struct ObjectSchema {
  std::vector<Column> columns;
  CsvFacts csv;  // of CSV objects
};

class ObjectSchemas {
 public:
  using Pointer = std::shared_ptr<const ObjectSchema>;

  ObjectSchemas();

  // Null when nothing is known of this version of the object. `how` tells apart what a configuration made of it.
  Pointer Find(const ObjectInfo& object, const std::string& how = {});
  Pointer Keep(const ObjectInfo& object, ObjectSchema schema, const std::string& how = {});

 private:
  Lru<Pointer> kept_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const ObjectSchema>> interned_;  // by their text
};

}  // namespace eider
