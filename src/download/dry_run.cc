#include "download/dry_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "download/statement.h"
#include "engine/database.h"

namespace eider {

Result<std::string> DryRun(const Dataset& dataset, const DownloadRequest& request, Database& database,
                           const Prices& prices) {
  const auto statement = MakeDownload(dataset, request);
  if (!statement) return statement.error();
  const auto cost = database.Estimate(*statement);
  if (!cost) return cost.error();
  std::optional<std::uint64_t> rows;
  if (dataset.source == SourceFormat::kParquet) rows = cost->rows_at_most;
  if (request.limit && rows) rows = std::min(*rows, *request.limit);
  if (request.count) rows = 1;
  return fmt::format("{{\"dataset\":{},{},\"rows_at_most\":{}}}\n", JsonQuote(dataset.config.name),
                     CostMembers(*cost, prices, dataset.snapshot->remote()), rows ? std::to_string(*rows) : "null");
}

}  // namespace eider
