// `eider query --remote URL`: the question goes to a server, and its answer where a local one would.
#pragma once

#include <stop_token>

#include <boost/json.hpp>

#include "cli/verbs.h"
#include "query/query.h"

namespace eider {

// kInvalid for options that a server cannot follow, and for a URL that is none.
Status CheckRemote(const QueryOptions& options);

// The values as "params" of a request: a list, an object, or null where there are none.
boost::json::value ParamsOf(const QueryRequest& request);

// Asks POST /query there. `lake` says how to reach it: timeouts, and whom to trust. The exit code.
int AskRemote(const LakeOptions& lake, const QueryOptions& options, const QueryRequest& request, std::stop_token stop);

}  // namespace eider
