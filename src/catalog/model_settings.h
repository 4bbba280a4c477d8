// Settings: what a model's config() and its entry in a .yml say of how it is built.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/model.h"

namespace eider {

struct ModelSetting {
  std::string name;
  std::optional<std::vector<std::string>> texts;  // one for a single value; nullopt for what is neither that nor a list
};

// Later settings stand before earlier ones. `lake` is the store's name, with which a location may begin. kInvalid for a
// setting that Eider does not know, unless it changes nothing that Eider does, and for settings that contradict each
// other.
Result<ModelConfig> ReadModelSettings(const std::string& model, const std::vector<ModelSetting>& settings,
                                      const std::string& lake);

}  // namespace eider
