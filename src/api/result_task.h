// GET of an answer that was written into the lake: the object of its link.
#pragma once

#include "api/delivery.h"
#include "api/result_link.h"

namespace eider {

// Of a path below kResultsPath. Call on a planner's thread. Replies exactly once: 404 for what is no link of a result
// that is there, 410 for one that is kept no longer. One that the transport has no room for is redirected to the store.
void StartResult(const ServiceParts& parts, const Request& request, const Reply& reply);

// How long an address of the store's own is good: for a large download to begin, and for one to be resumed. No longer
// than the credentials of a role, which are an hour's at least.
inline constexpr std::chrono::hours kSignedTime{1};

// Such an address of the result's object; nullopt where the store has none.
Result<std::optional<std::string>> SignedUrlOf(ObjectStore& store, const ResultLink& link, WallTime now);

}  // namespace eider
