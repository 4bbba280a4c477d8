#include "cli/query_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/text.h"
#include "catalog/prices.h"
#include "cli/progress.h"
#include "cli/table_view.h"

namespace eider {
namespace {

Result<Table> RunToTable(const Lake& lake, const QueryRequest& request, std::stop_token stop,
                         std::chrono::seconds time_limit) {
  auto query = MakeQuery(request, *lake.catalog, *lake.database, {stop});
  if (!query) return query.error();
  query->statement.limits.time = time_limit;
  query->statement.on_progress = ProgressBar(lake, /*rows_on_terminal=*/false);
  return lake.database->Query(query->statement, stop);
}

}  // namespace

bool ShowsTable(const QueryOptions& options) {
  const bool to_terminal = options.format.empty() && options.output.empty() && ::isatty(STDOUT_FILENO) == 1;
  return to_terminal || options.format == "table";
}

Result<RunSummary> PrintRows(const Lake& lake, const QueryRequest& request, std::stop_token stop,
                             std::chrono::seconds time_limit) {
  QueryRequest bounded = request;
  bounded.limit = std::min<std::uint64_t>(request.limit.value_or(kShownRows + 1), kShownRows + 1);
  const auto table = TwiceIfReplaced(
      *lake.catalog, [&] { return RunToTable(lake, bounded, stop, time_limit); }, [] { return false; });
  if (!table) return table.error();
  fmt::print("{}", DrawTable(*table, kShownRows, TerminalWidth()));
  return table->run;
}

void PrintStats(const Lake& lake, std::chrono::nanoseconds took, const RunSummary& run) {
  const RangeSchedulerStats reads = lake.catalog->reads();
  const BlockCacheStats cached = lake.catalog->cached();
  fmt::print(stderr,
             R"({{"milliseconds":{:.3f},"rows":{},"requests":{},"bytes":{},"retries":{},"hedges":{},"cache_hits":{},)"
             R"("objects":{},"row_groups":{},"row_groups_kept":{},"planned_requests":{},"planned_bytes":{}}})"
             "\n",
             static_cast<double>(took.count()) / 1e6, run.rows, reads.requests, reads.bytes, reads.retries,
             reads.hedges, cached.memory_hits + cached.folder_hits, run.plan.objects, run.plan.row_groups,
             run.plan.row_groups_kept, run.plan.requests, run.plan.bytes);
}

Status PrintCost(const Lake& lake, const QueryRequest& request, std::stop_token stop) {
  if (auto configured = lake.catalog->Configure({stop}); !configured) return configured;  // for prices
  const auto query = MakeQuery(request, *lake.catalog, *lake.database, {stop});
  if (!query) return query.error();
  const auto plan = lake.database->Estimate(query->statement, stop);
  if (!plan) return plan.error();
  fmt::print("{{{}}}\n", CostMembers(*plan, lake.catalog->lake().prices, lake.store->remote()));
  return {};
}

Status PrintPlan(const Lake& lake, const QueryRequest& request, std::stop_token stop) {
  const auto query = MakeQuery(request, *lake.catalog, *lake.database, {stop});
  if (!query) return query.error();
  const auto plan = lake.database->Explain(query->statement, stop);
  if (!plan) return plan.error();
  fmt::print("{}\n", *plan);
  return {};
}

std::function<void(double)> ProgressBar(const Lake& lake, bool rows_on_terminal) {
  if (::isatty(STDERR_FILENO) != 1 || (rows_on_terminal && ::isatty(STDOUT_FILENO) == 1)) return {};
  return [&lake, progress = std::make_shared<Progress>(true)](double share) {
    if (!progress->due()) return;
    const RangeSchedulerStats reads = lake.catalog->reads();
    const std::string read = lake.store->remote() ? fmt::format("  {} read", HumanBytes(reads.bytes)) : std::string();
    progress->Show(share, fmt::format("{:.1f} s{}", progress->seconds(), read));
  };
}

}  // namespace eider
