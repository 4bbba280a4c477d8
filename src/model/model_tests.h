// Tests of models: questions whose answer must be no rows.
#pragma once

#include "catalog/catalog.h"

namespace eider {

// "not_null trips.id", for people.
std::string TestName(const Model& model, const ModelTest& test);

// kInvalid saying how many rows it found, and one of their values; another error when it could not be asked.
// `rows`, unless it is null, are asked instead of what the model was built into.
Status RunTest(const Model& model, const ModelTest& test, const std::shared_ptr<const Dataset>& rows,
               Database& database, Catalog& catalog, const Call& call);
Status RunTest(const QueryTest& test, Database& database, Catalog& catalog, const Call& call);

}  // namespace eider
