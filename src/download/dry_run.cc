#include "download/dry_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "download/statement.h"
#include "engine/database.h"

namespace eider {
namespace {

// S3 Standard in us-east-1: 0.0004 USD for 1,000 GETs (aws.amazon.com/s3/pricing). Transfer within a region is free.
constexpr double kUsdPerRequest = 0.0004 / 1000;

}  // namespace

Result<std::string> DryRun(const Dataset& dataset, const DownloadRequest& request, Database& database) {
  const auto statement = MakeDownload(dataset, request);
  if (!statement) return statement.error();
  const auto cost = database.Estimate(*statement);
  if (!cost) return cost.error();
  std::optional<std::uint64_t> rows;
  if (dataset.source == SourceFormat::kParquet) rows = cost->rows_at_most;
  if (request.limit && rows) rows = std::min(*rows, *request.limit);
  if (request.count) rows = 1;
  const double usd = dataset.snapshot->remote() ? kUsdPerRequest * static_cast<double>(cost->requests) : 0.0;
  return fmt::format(
      "{{\"dataset\":{},\"objects\":{},\"row_groups\":{},\"row_groups_kept\":{},\"requests\":{},\"bytes\":{},"
      "\"rows_at_most\":{},\"requests_usd\":{:.7f}}}\n",
      JsonQuote(dataset.config.name), cost->objects, cost->row_groups, cost->row_groups_kept, cost->requests,
      cost->bytes, rows ? std::to_string(*rows) : "null", usd);
}

}  // namespace eider
