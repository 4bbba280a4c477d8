// The JSON that describes a lake's datasets: /datasets, /{dataset} and /openapi.json.
#pragma once

#include <string>

#include "base/result.h"
#include "catalog/catalog.h"
#include "engine/database.h"

namespace eider {

// DCAT-style: {"title", "dataset": [{"name", "title", "description", "license", "distribution": […]}]}; where there are
// catalogs of others, "catalogs": [{"name", "url"}].
std::string DescribeLake(const std::string& title, const std::vector<DatasetConfig>& datasets,
                         const std::vector<std::string>& catalogs);

// {"name", "type", "tables": [{"name": "pg.public.birds", "path": […], "columns": [{"name", "type"}]}]}, names as SQL
// writes them; without columns where only the table itself knows them.
std::string DescribeCatalog(const AttachedCatalog& catalog, const std::vector<CatalogTable>& tables);

// Schema, rows and statistics from footers, size, formats, example requests.
Result<std::string> DescribeDataset(const Dataset& dataset, Database& database);

// OpenAPI 3.1 of every route, with a path for each dataset that can be opened; others are left out. `anonymous`:
// requests without a key are answered.
std::string DescribeApi(const std::string& title, bool anonymous,
                        const std::vector<std::shared_ptr<const Dataset>>& datasets);

}  // namespace eider
