// What a download would cost, told before it runs: objects, row groups kept of all, requests, bytes, rows.
#pragma once

#include <string>

#include "base/result.h"
#include "download/request.h"

namespace eider {

// A JSON object. Reads only footers (Parquet); other formats are read whole by any request, and say so.
Result<std::string> DryRun(const Dataset& dataset, const DownloadRequest& request, Database& database,
                           const Prices& prices);

}  // namespace eider
