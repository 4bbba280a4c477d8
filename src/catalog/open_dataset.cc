#include "catalog/open_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "catalog/keys.h"
#include "catalog/learn.h"

namespace eider {
namespace {

const Column* FindColumn(const std::vector<Column>& columns, std::string_view name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

Status CheckColumn(const DatasetConfig& config, const std::vector<Column>& columns, const std::string& name,
                   const char* where) {
  if (FindColumn(columns, name) != nullptr) return {};
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return Invalid(fmt::format("dataset '{}' has no column '{}', which its `{}` in eider.yaml names.{}", config.name,
                             name, where, DidYouMean(name, names)));
}

// The shown columns, in their order.
Result<std::vector<Column>> Shown(const DatasetConfig& config, const std::vector<Column>& all) {
  if (config.columns.empty()) return all;
  std::vector<Column> shown;
  for (const std::string& name : config.columns) {
    if (auto status = CheckColumn(config, all, name, "columns"); !status) return status.error();
    shown.push_back(*FindColumn(all, name));
  }
  return shown;
}

Status CheckConfiguredColumns(const DatasetConfig& config, const std::vector<Column>& all) {
  for (const std::string& name : config.filters.value_or(std::vector<std::string>())) {
    if (auto status = CheckColumn(config, all, name, "filters"); !status) return status;
  }
  for (const SortKey& key : config.sort) {
    if (auto status = CheckColumn(config, all, key.column, "sort"); !status) return status;
  }
  for (const auto& [name, type] : config.types) {
    if (auto status = CheckColumn(config, all, name, "types"); !status) return status;
  }
  return {};
}

// The numeric column with one of these names, letters' case ignored.
const Column* FindNumber(const std::vector<Column>& columns, std::string_view name) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& column) {
    return column.type_class == TypeClass::kNumber && ToLower(column.name) == name;
  });
  return found == columns.end() ? nullptr : &*found;
}

std::optional<std::pair<std::string, std::string>> FindPoint(const std::vector<Column>& columns) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames = {
      {{"longitude", "latitude"}, {"lon", "lat"}, {"lng", "lat"}, {"long", "lat"}, {"lng", "latitude"}}};
  for (const auto& [lon_name, lat_name] : kNames) {
    const Column* lon = FindNumber(columns, lon_name);
    const Column* lat = FindNumber(columns, lat_name);
    if (lon != nullptr && lat != nullptr) return std::pair(lon->name, lat->name);
  }
  return std::nullopt;
}

Result<Learned> Learn(const LearnRequest& request) {
  if (auto status = CheckNotEmpty(request.sources); !status) return status.error();
  switch (request.sources.format) {
    case SourceFormat::kParquet: return LearnParquet(request);
    case SourceFormat::kCsv: return LearnCsv(request);
    case SourceFormat::kJson: return LearnJson(request);
    case SourceFormat::kView: break;  // has no objects of its own: OpenView
  }
  return Internal("a source format that is not known");
}

}  // namespace

Status CheckNotEmpty(const Sources& sources) {
  for (const ObjectInfo& object : sources.objects) {
    if (object.size_bytes > 0) continue;
    return Corrupt(fmt::format("object '{}' is empty (zero bytes), which is no {} file; remove it or write it again",
                               object.key, FormatName(sources.format)));
  }
  return {};
}

std::string InputVersion(const DatasetConfig& config, const Sources& sources) {
  PartsDigest hasher;
  hasher.Add(config.name);
  hasher.Add(config.union_by_name ? "union" : "same");
  hasher.Add(config.max_rows ? std::to_string(*config.max_rows) : "");
  for (const std::string& column : config.columns) hasher.Add("show " + column);
  for (const SortKey& key : config.sort) hasher.Add((key.descending ? "down " : "up ") + key.column);
  for (const auto& [column, type] : config.types) {
    hasher.Add("type " + column);
    hasher.Add(type);
  }
  for (const ObjectInfo& object : sources.objects) {
    hasher.Add(object.key);
    hasher.Add(object.etag);
  }
  return hasher.Hex();
}

Status ShowColumns(Dataset& dataset, const std::vector<Column>& all) {
  if (auto status = CheckConfiguredColumns(dataset.config, all); !status) return status;
  auto shown = Shown(dataset.config, all);
  if (!shown) return shown.error();
  dataset.columns = *std::move(shown);
  dataset.lon_lat = FindPoint(dataset.columns);
  const auto geometry = std::find_if(dataset.columns.begin(), dataset.columns.end(),
                                     [](const Column& column) { return column.type_class == TypeClass::kGeometry; });
  if (geometry != dataset.columns.end()) dataset.geometry = geometry->name;
  return {};
}

Result<std::shared_ptr<const Dataset>> OpenDataset(const DatasetConfig& config, Sources sources, const Opening& opening,
                                                   const Call& call) {
  auto dataset = std::make_shared<Dataset>();
  dataset->config = config;
  dataset->source = sources.format;
  dataset->snapshot = std::make_shared<Snapshot>(sources.objects, &opening.store, opening.reads, sources.tails);
  auto learned = Learn({config, sources, dataset->snapshot, opening.database, opening.schemas, call});
  if (!learned) return learned.error();
  if (auto shown = ShowColumns(*dataset, learned->columns); !shown) return shown.error();
  dataset->relation = std::move(learned->relation);
  dataset->row_position = learned->row_position;
  PartsDigest hasher;
  hasher.Add(InputVersion(config, sources));
  hasher.Add(dataset->relation);
  dataset->version = hasher.Hex();
  return std::shared_ptr<const Dataset>(std::move(dataset));
}

}  // namespace eider
