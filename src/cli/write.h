// Where `eider query` puts a result that is to stay: an object of a bucket or of the lake, or a dataset of it.
#pragma once

#include <optional>
#include <stop_token>

#include "cli/session.h"
#include "cli/verbs.h"
#include "query/query.h"

namespace eider {

// Whether the options name such a place; kInvalid when they contradict each other.
Result<bool> WritesObjects(const QueryOptions& options);

// The format that the place's name ends in; nullopt when it says none.
std::optional<Format> FormatOfTarget(const QueryOptions& options);

// Runs the query there. The exit code.
int WriteResult(const Lake& lake, const LakeOptions& lake_options, const QueryOptions& options,
                const QueryRequest& request, std::stop_token stop);

}  // namespace eider
