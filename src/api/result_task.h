// GET of an answer that was written into the lake: the object of its link.
#pragma once

#include "api/delivery.h"

namespace eider {

// Of a path below kResultsPath. Call on a planner's thread. Replies exactly once: 404 for what is no link of a result
// that is there, 410 for one that is kept no longer.
void StartResult(const ServiceParts& parts, const Request& request, const Reply& reply);

}  // namespace eider
