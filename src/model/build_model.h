// Building one model: what its SQL says becomes a dataset, an object, or is looked at as the view that it is. What was
// there stays until the new rows are whole.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "catalog/catalog.h"
#include "catalog/dataset_write.h"

namespace eider {

struct BuildLake {
  ObjectStore& store;
  Database& database;
  Catalog& catalog;
};

struct ModelBuild {
  bool full_refresh = false;           // an incremental model as if it were built for the first time
  std::chrono::milliseconds limit{0};  // for one model; 0: none
};

enum class BuildAction : std::uint8_t {
  kLook,
  kCreate,
  kReplace,
  kReplacePartitions,
  kReplaceByKey,
  kAdd,
  kReplaceObject
};

struct PlannedModel {
  BuildAction action = BuildAction::kLook;
  Statement statement;  // whose rows are written
};

// What a build of the model would do now. Errors of the SQL say where; kNotFound for what it reads and the lake does
// not have.
Result<PlannedModel> PlanModel(const Model& model, const ModelBuild& build, const BuildLake& lake, const Call& call);

// "replace 'trips/'", for people.
std::string ActionText(const Model& model, BuildAction action);

// Asked whether rows that are written, and not yet what others read, may be; an error leaves what was there.
using AcceptRows = std::function<Status(const std::shared_ptr<const Dataset>& rows)>;

// Does it. Zeros for a view. `accept` is asked where the rows are a dataset "NAME/": a view writes none, and an object
// is there or is not.
Result<WriteSummary> BuildModel(const Model& model, const ModelBuild& build, const BuildLake& lake,
                                const AcceptRows& accept, const Call& call);

}  // namespace eider
