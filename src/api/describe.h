// The JSON that describes a lake's datasets: /datasets, /{dataset} and /openapi.json.
#pragma once

#include <string>

#include "base/result.h"
#include "catalog/catalog.h"
#include "engine/database.h"

namespace eider {

// DCAT-style: {"title", "dataset": [{"name", "title", "description", "license", "distribution": […]}]}.
std::string DescribeLake(const std::string& title, const std::vector<DatasetConfig>& datasets);

// Schema, rows and statistics from footers, size, formats, example requests.
Result<std::string> DescribeDataset(const Dataset& dataset, Database& database);

// OpenAPI 3.1 of every route, with a path for each dataset that can be opened; others are left out. `anonymous`:
// requests without a key are answered.
std::string DescribeApi(const std::string& title, bool anonymous,
                        const std::vector<std::shared_ptr<const Dataset>>& datasets);

}  // namespace eider
