// One GET of a dataset's rows: from the request to a response that can begin.
#pragma once

#include <string>

#include "api/delivery.h"
#include "engine/database.h"

namespace eider {

// Call on a planner's thread. Replies exactly once.
void StartDownload(const ServiceParts& parts, Request request, std::string dataset, Format format, Reply reply);

}  // namespace eider
