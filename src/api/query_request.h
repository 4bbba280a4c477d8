// The JSON that asks a query: of POST /query, and of an invocation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http.h"
#include "api/result_link.h"
#include "query/query.h"

namespace eider {

struct QueryOrder {
  QueryRequest query;  // confined
  bool dry_run = false;
  // What it took is told: in JSON by {"data", "metadata"} around the rows; other formats begin when they are whole, and
  // their head says it.
  bool metadata = false;
  std::optional<ResultName> into;  // the rows are written into the lake under this name, in its format
};

// {"sql", "params", "limit", "format", "key", "after", "into", "dry_run", "metadata"}; the format from `accept` where
// the body names none, JSON where neither does. kInvalid names the member and what it may be.
Result<QueryOrder> ParseQueryOrder(std::string_view body, std::string_view accept);

// {"q", "limit", "params"}, in JSON; other members are of other servers, and ignored. nullopt: no q, so no rows.
Result<std::optional<QueryRequest>> ParseInvocation(std::string_view payload);

}  // namespace eider
