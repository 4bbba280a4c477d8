// Values of a query's placeholders, as the command line gives them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/database.h"

namespace eider {

// "NAME=VALUE" for $NAME, "VALUE" alone for $1, $2, … in order. A value that is a JSON number, true, false or null is
// one; anything else is text, and so is what stands in double quotes: 'code="007"'. kInvalid when both kinds are mixed,
// or a name comes twice.
Result<std::vector<BoundValue>> ParseParams(const std::vector<std::string>& params);

}  // namespace eider
