// `eider query --remote lambda:NAME`: the question goes to a function on AWS Lambda that answers
// {"q", "limit", "params"} with {"metadata", "data": {"records"}}, as `eider serve` does too.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "cli/verbs.h"
#include "query/query.h"

namespace eider {

// NAME of lambda:NAME, a name, NAME:ALIAS or an ARN; nullopt for another kind of --remote.
std::optional<std::string> FunctionOf(const std::string& remote);

// kInvalid for options that a function cannot follow.
Status CheckFunction(const QueryOptions& options);

// Invokes it and waits for its whole answer, of 6 MB at most. Its records are shown as a table, or written as JSON. The
// exit code.
int AskFunction(const std::string& function, const LakeOptions& lake, const QueryOptions& options,
                const QueryRequest& request, std::stop_token stop);

}  // namespace eider
