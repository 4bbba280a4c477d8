// Lineage: what is made from what.
#pragma once

#include <set>
#include <string>

#include "catalog/model.h"

namespace eider {

// {"nodes": [{"name", "kind", "reads": […], …}]}, each behind what it reads: models by how they are built, views of
// eider.yaml, and the datasets that these read. A model that cannot be read has its "error". With `shown`, for whoever
// asks from outside: only what has these names, and no errors.
std::string LineageJson(const Models& models, const std::set<std::string>* shown = nullptr);

}  // namespace eider
