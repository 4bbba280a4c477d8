// One POST /query: from the JSON that asks to a response that can begin.
#pragma once

#include <functional>

#include "api/delivery.h"
#include "api/spool_body.h"
#include "query/query.h"

namespace eider {

// Call on a planner's thread. Replies exactly once.
void StartQuery(const ServiceParts& parts, Request request, Reply reply);

// The statement of a request's SQL, within the service's limits, for who asked. What is withheld is left to the caller.
Result<LakeQuery> MakeQueryFor(const ServiceParts& parts, const Request& request, QueryRequest query);

// Writes the line of the log that says who asked what, and what it took, when the answer has ended.
std::function<void(const BodyOutcome&)> QueryLog(const ServiceParts& parts, const Request& request, std::string sql);

// What equal questions share: empty where the answer changes by itself.
std::string ProductionKey(const LakeQuery& query, Coding coding);

}  // namespace eider
