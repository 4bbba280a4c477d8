// Learning: from the objects of a dataset to the SQL that reads them and the columns that they hold. Everything that
// can differ or be broken among objects is found here, when a dataset is opened, and not in the middle of a download.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/object_schemas.h"
#include "catalog/sources.h"

namespace eider {

struct Learned {
  std::string relation;         // SQL for FROM
  std::vector<Column> columns;  // of the relation, in its order
  bool row_position = false;    // it has file_index and file_row_number
};

struct LearnRequest {
  const DatasetConfig& config;
  const Sources& sources;
  std::shared_ptr<const Snapshot> snapshot;
  Database& database;
  ObjectSchemas& schemas;
  const Call& call;
};

// kCorrupt naming the object that cannot be read and what is wrong with it; kInvalid naming the two objects, the
// column and both types when objects differ.
Result<Learned> LearnParquet(const LearnRequest& request);
Result<Learned> LearnCsv(const LearnRequest& request);
Result<Learned> LearnJson(const LearnRequest& request);

// kCorrupt when an object has no bytes at all.
Status CheckNotEmpty(const Sources& sources);

}  // namespace eider
