// Which models a build is about. Pure functions.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"

namespace eider {

// What each reads, models and views of eider.yaml.
ReadsByName ReadsOfAll(const Models& models);

// The models that `select` names: NAME, NAME+ (and all that read it), +NAME (and all that it reads), +NAME+; several
// with commas or spaces between them. All of them where it is empty. kNotFound for a name that is no model's, with the
// nearest.
Result<std::set<std::string>> SelectModels(const std::vector<std::string>& select, const Models& models);

}  // namespace eider
