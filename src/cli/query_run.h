// One query of the command line over an open lake: run to rows on a terminal, or only weighed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "catalog/catalog.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "query/query.h"

namespace eider {

// Whether the rows are shown as a table: as was asked, or because they go to a terminal.
bool ShowsTable(const QueryOptions& options);

// Rows that are shown on a terminal.
inline constexpr std::uint64_t kShownRows = 100;

// Prints the first rows as a table that fits the terminal; answers what it took, the rows being one more than are shown
// where there are more. A progress bar on standard error, where that is a terminal.
Result<RunSummary> PrintRows(const Lake& lake, const QueryRequest& request, std::stop_token stop,
                             std::chrono::seconds time_limit = {});

// Prints what a run took as one line of JSON on standard error, with what the lake was asked for until now.
void PrintStats(const Lake& lake, std::chrono::nanoseconds took, const RunSummary& run);

// Prints what it would read and cost, as JSON; reads footers alone.
Status PrintCost(const Lake& lake, const QueryRequest& request, std::stop_token stop);

// Prints DuckDB's plan.
Status PrintPlan(const Lake& lake, const QueryRequest& request, std::stop_token stop);

// A Statement::on_progress that draws on standard error, where that is a terminal and standard output is not filling
// it; else an empty one.
std::function<void(double)> ProgressBar(const Lake& lake, bool rows_on_terminal);

// Begins anew, once, when an object was replaced under the read: with the lake as it is now. `attempt` answers a
// Result; `begun` whether some of it has left already.
template <class Attempt, class Begun>
auto TwiceIfReplaced(Catalog& catalog, const Attempt& attempt, const Begun& begun) {
  auto result = attempt();
  if (result || result.error().kind != ErrorKind::kConflict || begun()) return result;
  catalog.Refresh();
  return attempt();
}

}  // namespace eider
