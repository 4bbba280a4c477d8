#include "api/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/text.h"
#include "download/format.h"
#include "download/request.h"
#include "engine/attach_sql.h"

namespace eider {
namespace {

namespace json = boost::json;

struct ColumnStatistics {
  std::optional<std::string> minimum;
  std::optional<std::string> maximum;
  std::optional<std::uint64_t> nulls;
};

struct FooterStatistics {
  std::optional<std::uint64_t> rows;
  std::map<std::string, ColumnStatistics> columns;
};

std::string LakePaths(const Dataset& dataset) {
  std::vector<std::string> keys;
  for (const auto& [key, object] : dataset.snapshot->objects()) keys.push_back(QuoteLiteral("lake://" + key));
  return "[" + Join(keys, ", ") + "]";
}

// Minimum and maximum as the column's type orders them; a column whose statistics are missing anywhere has none.
Result<FooterStatistics> ReadFooters(const Dataset& dataset, Database& database) {
  FooterStatistics statistics;
  if (dataset.source != SourceFormat::kParquet || dataset.snapshot->objects().empty()) return statistics;
  Statement statement;
  statement.snapshot = dataset.snapshot;
  statement.sql = "SELECT coalesce(sum(num_rows), 0)::UBIGINT FROM parquet_file_metadata(" + LakePaths(dataset) + ")";
  const auto rows = database.Query(statement);
  if (!rows) return rows.error();
  statistics.rows = ParseUint(rows->rows.at(0).at(0).value_or("0"));

  std::vector<std::string> parts;
  for (const Column& column : dataset.columns) {
    if (column.type_class != TypeClass::kNumber && column.type_class != TypeClass::kTemporal &&
        column.type_class != TypeClass::kText) {
      continue;
    }
    const std::string type = column.type_class == TypeClass::kText ? "VARCHAR" : column.type;
    parts.push_back(fmt::format(
        "SELECT {0} AS name, CASE WHEN bool_and(stats_min_value IS NOT NULL OR stats_null_count = row_group_num_rows) "
        "THEN min(TRY_CAST(stats_min_value AS {1}))::VARCHAR END AS lo, CASE WHEN bool_and(stats_max_value IS NOT NULL "
        "OR "
        "stats_null_count = row_group_num_rows) THEN max(TRY_CAST(stats_max_value AS {1}))::VARCHAR END AS hi, CASE "
        "WHEN "
        "bool_and(stats_null_count IS NOT NULL) THEN sum(stats_null_count)::UBIGINT END AS nulls FROM footers WHERE "
        "path_in_schema = {0}",
        QuoteLiteral(column.name), type));
  }
  constexpr std::size_t kMostColumns = 500;  // a union of more costs more than the page is worth
  if (parts.empty() || parts.size() > kMostColumns) return statistics;
  statement.sql = fmt::format("WITH footers AS MATERIALIZED (SELECT * FROM parquet_metadata({})) {}",
                              LakePaths(dataset), Join(parts, " UNION ALL "));
  const auto table = database.Query(statement);
  if (!table) return table.error();
  for (const auto& row : table->rows) {
    statistics.columns[row[0].value_or("")] = {row[1], row[2], row[3] ? ParseUint(*row[3]) : std::nullopt};
  }
  return statistics;
}

json::array Examples(const Dataset& dataset) {
  const std::string base = "/" + dataset.config.name;
  json::array examples{base + ".csv?_limit=100", base + ".parquet", base + ".json?_count=1"};
  const auto filterable = [&](const Column& column) {
    const auto& filters = dataset.config.filters;
    return !filters || std::find(filters->begin(), filters->end(), column.name) != filters->end();
  };
  for (const Column& column : dataset.columns) {
    if (!filterable(column)) continue;
    const std::string name = PercentEncode(column.name, false);
    if (column.type_class == TypeClass::kNumber) {
      examples.emplace_back(fmt::format("{}.csv?{}__gte=0&_sort=-{}&_limit=10", base, name, name));
      break;
    }
  }
  return examples;
}

json::object Distribution(const std::string& name, const FormatInfo& info) {
  return {{"title", info.extension},
          {"downloadURL", fmt::format("/{}.{}", name, info.extension)},
          {"mediaType", std::string(Split(info.media_type, ';').front())}};
}

json::object DatasetHead(const DatasetConfig& config) {
  json::object head{{"name", config.name}, {"title", config.title.empty() ? config.name : config.title}};
  if (!config.description.empty()) head["description"] = config.description;
  if (!config.licence.empty()) head["licence"] = config.licence;
  head["url"] = "/" + config.name;
  return head;
}

}  // namespace

std::string DescribeLake(const std::string& title, const std::vector<DatasetConfig>& datasets,
                         const std::vector<std::string>& catalogs) {
  json::array list;
  for (const DatasetConfig& config : datasets) {
    json::object entry = DatasetHead(config);
    json::array distributions;
    for (const FormatInfo& info : Formats()) {
      if (info.format != Format::kGeoJson) distributions.emplace_back(Distribution(config.name, info));
    }
    entry["distribution"] = std::move(distributions);
    list.emplace_back(std::move(entry));
  }
  json::object lake{{"title", title}, {"dataset", std::move(list)}};
  json::array attached;
  for (const std::string& name : catalogs) {
    attached.emplace_back(json::object{{"name", name}, {"url", "/catalogs/" + name}});
  }
  if (!attached.empty()) lake["catalogs"] = std::move(attached);
  return json::serialize(lake) + "\n";
}

std::string DescribeCatalog(const AttachedCatalog& catalog, const std::vector<CatalogTable>& tables) {
  json::array list;
  for (const CatalogTable& table : tables) {
    std::vector<std::string> path{catalog.name};
    if (!table.schema.empty()) path.push_back(table.schema);
    path.push_back(table.name);
    std::vector<std::string> quoted;
    for (const std::string& part : path) quoted.push_back(NameInSql(part));
    json::object entry{{"name", Join(quoted, ".")}, {"path", json::value_from(path)}};
    json::array columns;
    for (const Column& column : table.columns)
      columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
    if (!columns.empty()) entry["columns"] = std::move(columns);
    list.emplace_back(std::move(entry));
  }
  return json::serialize(
             json::object{{"name", catalog.name}, {"type", TypeName(catalog.type)}, {"tables", std::move(list)}}) +
         "\n";
}

Result<std::string> DescribeDataset(const Dataset& dataset, Database& database) {
  const auto statistics = ReadFooters(dataset, database);
  if (!statistics) return statistics.error();
  json::object answer = DatasetHead(dataset.config);
  json::array columns;
  for (const Column& column : dataset.columns) {
    const auto& filters = dataset.config.filters;
    json::object entry{{"name", column.name}, {"type", column.type}};
    entry["filterable"] = !filters || std::find(filters->begin(), filters->end(), column.name) != filters->end();
    json::array operators;
    for (const Operator op : OperatorsOf(column.type_class)) operators.emplace_back(OperatorName(op));
    entry["operators"] = std::move(operators);
    if (const auto found = statistics->columns.find(column.name); found != statistics->columns.end()) {
      if (found->second.minimum) entry["minimum"] = *found->second.minimum;
      if (found->second.maximum) entry["maximum"] = *found->second.maximum;
      if (found->second.nulls) entry["nulls"] = *found->second.nulls;
    }
    columns.emplace_back(std::move(entry));
  }
  answer["columns"] = std::move(columns);
  answer["rows"] = statistics->rows ? json::value(*statistics->rows) : json::value(nullptr);
  answer["bytes"] = dataset.snapshot->size_bytes();
  answer["objects"] = dataset.snapshot->objects().size();
  answer["modified"] = Rfc3339(dataset.snapshot->newest());
  json::array formats;
  for (const std::string& extension : ExtensionsFor(dataset)) formats.emplace_back(extension);
  answer["formats"] = std::move(formats);
  answer["examples"] = Examples(dataset);
  return json::serialize(answer) + "\n";
}

}  // namespace eider
