// Invocations: what clients of a stateless query engine on Lambda send, answered by the server itself, so that any
// Lambda client (boto3 with `endpoint_url`) works against it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/delivery.h"

namespace eider {

enum class InvocationKind : std::uint8_t { kWhole, kStream };

// Of /2015-03-31/functions/NAME/invocations and /2021-11-15/functions/NAME/response-streaming-invocations; the name is
// whatever the client calls it. nullopt for another path. A stream is framed as Lambda does, except for who accepts
// exactly application/json: the payload itself, for a runtime that has Lambda to frame it.
std::optional<InvocationKind> ParseInvocationPath(std::string_view path);

// Call on a planner's thread. `warm`: an invocation was answered before. Replies exactly once.
void StartInvocation(const ServiceParts& parts, Request request, InvocationKind kind, bool warm, Reply reply);

}  // namespace eider
