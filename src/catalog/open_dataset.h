// Opening: from a configuration and its objects to a Dataset.
#pragma once

#include <memory>

#include "catalog/catalog.h"
#include "catalog/object_schemas.h"
#include "catalog/sources.h"

namespace eider {

// What the answer to any request depends on, before anything is read: keys, ETags and configuration.
std::string InputVersion(const DatasetConfig& config, const Sources& sources);

// What datasets are opened with; all of it must outlive them.
struct Opening {
  ObjectStore& store;
  RemoteReads reads;
  Database& database;
  ObjectSchemas& schemas;
};

// Of `all` its columns, those that the dataset's configuration shows, and which of them are a place. kInvalid when the
// configuration names one that is not there.
Status ShowColumns(Dataset& dataset, const std::vector<Column>& all);

Result<std::shared_ptr<const Dataset>> OpenDataset(const DatasetConfig& config, Sources sources, const Opening& opening,
                                                   const Call& call);

}  // namespace eider
