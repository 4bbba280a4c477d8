#include "engine/catalog_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "engine/answer_table.h"
#include "engine/attach_sql.h"

namespace eider {
namespace {

CatalogTable TableOf(const std::string& schema, const duckdb::CatalogEntry& entry) {
  duckdb::vector<std::string> names;
  duckdb::vector<duckdb::LogicalType> types;
  if (entry.type == duckdb::CatalogType::TABLE_ENTRY) {
    for (const auto& column : entry.Cast<duckdb::TableCatalogEntry>().GetColumns().Logical()) {
      names.push_back(column.Name());
      types.push_back(column.Type());
    }
  }
  return {schema, entry.name, MakeColumns(names, types)};
}

// The folders in a folder: their names, without what is around them.
Result<std::vector<std::string>> FoldersIn(const AttachedCatalog& catalog, const std::string& folder,
                                           const Call& call) {
  std::vector<std::string> names;
  ListRequest request;
  request.prefix = folder + "/";
  request.recursive = false;
  do {
    const auto page = catalog.store->List(request, call);
    if (!page) return page.error();
    for (const std::string& prefix : page->prefixes) {
      names.push_back(prefix.substr(request.prefix.size(), prefix.size() - request.prefix.size() - 1));
    }
    request.continuation = page->next;
  } while (!request.continuation.empty());
  return names;
}

}  // namespace

std::vector<CatalogTable> TablesIn(duckdb::ClientContext& context, const std::string& alias) {
  std::vector<CatalogTable> tables;
  context.RunFunctionInTransaction([&] {
    duckdb::Catalog::GetCatalog(context, alias).ScanSchemas(context, [&](duckdb::SchemaCatalogEntry& schema) {
      if (TellsOfServer(ToLower(schema.name))) return;
      schema.Scan(context, duckdb::CatalogType::TABLE_ENTRY, [&](duckdb::CatalogEntry& entry) {
        if (!entry.internal) tables.push_back(TableOf(schema.name, entry));
      });
    });
  });
  std::sort(tables.begin(), tables.end(), [](const CatalogTable& a, const CatalogTable& b) {
    return std::tie(a.schema, a.name) < std::tie(b.schema, b.name);
  });
  return tables;
}

Result<std::vector<CatalogTable>> TablesInFolders(const AttachedCatalog& catalog, std::chrono::milliseconds time,
                                                  std::stop_token stop) {
  Call call;
  call.stop = std::move(stop);
  if (time.count() > 0) call.deadline = SystemSteadyClock()() + time;
  const std::string mark = catalog.type == CatalogType::kDelta ? "_delta_log" : "metadata";
  const auto is_table = [&](const std::vector<std::string>& folders) {
    return std::find(folders.begin(), folders.end(), mark) != folders.end();
  };
  std::vector<CatalogTable> tables;
  const auto outer = FoldersIn(catalog, catalog.path, call);
  if (!outer) return outer.error();
  for (const std::string& name : *outer) {
    const auto inner = FoldersIn(catalog, catalog.path + "/" + name, call);
    if (!inner) return inner.error();
    if (is_table(*inner)) {
      tables.push_back({"", name, {}});
      continue;
    }
    for (const std::string& table : *inner) {
      const auto parts = FoldersIn(catalog, fmt::format("{}/{}/{}", catalog.path, name, table), call);
      if (!parts) return parts.error();
      if (is_table(*parts)) tables.push_back({name, table, {}});
    }
  }
  return tables;
}

}  // namespace eider
