// Properties: what a .yml beside the models says of them, as dbt's do: descriptions, settings and tests of columns.
#pragma once

#include <string>
#include <vector>

#include "catalog/model.h"
#include "catalog/model_settings.h"

namespace eider {

struct ModelProperties {
  std::string model;
  std::string place;  // "models/schema.yml:3:5", for messages
  std::string description;
  std::vector<ModelSetting> settings;
  std::vector<ModelTest> tests;
};

// `file`: for messages. kInvalid saying where, for a test that Eider does not know and for anything that has another
// form than dbt gives it. What else dbt keeps there is passed by.
Result<std::vector<ModelProperties>> ReadModelProperties(const std::string& text, const std::string& file);

}  // namespace eider
