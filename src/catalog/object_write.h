// Writing a query's rows as one object, which appears whole or not at all.
#pragma once

#include <string>

#include "catalog/dataset_write.h"

namespace eider {

// In the statement's format. kConflict when another object is there than the condition says.
Result<WriteSummary> WriteObject(const std::string& key, const PutCondition& condition, const Statement& statement,
                                 ObjectStore& store, Database& database, const Call& call = {});

// The condition under which a write that began now replaces the object: as it is now, or that there is none.
Result<PutCondition> ReplaceAsItIs(const std::string& key, ObjectStore& store, const Call& call = {});

}  // namespace eider
