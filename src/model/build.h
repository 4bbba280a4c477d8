// A build: the selected models, each behind what it reads, and their tests.
#pragma once

#include <functional>

#include "model/build_model.h"

namespace eider {

struct BuildOptions {
  std::vector<std::string> select;  // see SelectModels
  ModelBuild model;
};

// What became of a model or a test, told as soon as it is known.
struct BuildStep {
  enum class Kind : std::uint8_t { kModel, kTest };
  Kind kind = Kind::kModel;
  std::string name;              // of the model; "not_null trips.id" of a test
  const Model* model = nullptr;  // of kModel, where it could be read
  Status outcome;
  bool skipped = false;  // because of what it reads; the outcome says of what
  WriteSummary written;
};

struct BuildSummary {
  std::size_t models = 0;
  std::size_t tests = 0;
  std::size_t failed = 0;  // models and tests
  std::size_t skipped = 0;
  std::optional<Error> first_failure;
};

// Nothing is built unless all selected models can be read; those that cannot are told, and what they were built into
// stays. A model that fails later leaves what was there as it was, and so does a table whose new rows fail a test of a
// column; nothing is built upon either, nor upon a view or an object that fails one. What reads none of them goes on. A
// requested stop ends it. An error is one of the selection, or of files that are no models.
Result<BuildSummary> Build(const BuildOptions& options, const BuildLake& lake,
                           const std::function<void(const BuildStep&)>& tell, const Call& call);

// The models of a build in their order; kInvalid when one of them cannot be read.
Result<std::vector<Model>> ModelsInOrder(const std::vector<std::string>& select, const Models& models);

}  // namespace eider
