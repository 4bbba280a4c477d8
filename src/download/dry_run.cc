#include "download/dry_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "engine/database.h"

namespace eider {
namespace {

// S3 Standard in us-east-1: 0.0004 USD for 1,000 GETs (aws.amazon.com/s3/pricing). Transfer within a region is free.
constexpr double kUsdPerRequest = 0.0004 / 1000;

struct Cost {
  std::uint64_t objects = 0;
  std::uint64_t row_groups = 0;
  std::uint64_t row_groups_kept = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> rows;  // at most
};

std::uint64_t Number(const Table& table, std::size_t column) {
  const auto& cell = table.rows.at(0).at(column);
  return cell ? ParseUint(*cell).value_or(0) : 0;
}

// Whether a row group may hold a row that the filter keeps, from its statistics `lo`, `hi`, `nulls`; text of SQL.
std::string MayMatch(const Filter& filter, const std::vector<std::string>& bound) {
  const auto any = [&](const char* pattern) {
    std::vector<std::string> parts;
    for (const std::string& value : bound) parts.push_back(fmt::format(fmt::runtime(pattern), value));
    return "(" + Join(parts, " OR ") + ")";
  };
  switch (filter.op) {
    case Operator::kEq:
    case Operator::kIn: return any("{0} BETWEEN lo AND hi");
    case Operator::kLt: return any("lo < {0}");
    case Operator::kLte: return any("lo <= {0}");
    case Operator::kGt: return any("hi > {0}");
    case Operator::kGte: return any("hi >= {0}");
    case Operator::kBetween: return fmt::format("(hi >= {} AND lo <= {})", bound[0], bound[1]);
    case Operator::kIsNull: return "nulls > 0";
    case Operator::kNotNull: return "nulls < group_rows";
    default: return "true";
  }
}

// `text` as a regular expression that matches it alone.
std::string QuotePattern(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80) != 0;
    if (!plain) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// The same over the rows of parquet_metadata for one row group: by the column's statistics, or, where the file has no
// such column, by the key=value folder it lies in. What is missing or does not parse keeps the group.
std::string GroupMayMatch(const std::string& column, const std::string& type, const std::string& may) {
  const std::string by_statistics = fmt::format(
      "bool_and(CASE WHEN path_in_schema = {0} THEN coalesce((SELECT {1} FROM (SELECT TRY_CAST(stats_min_value AS {2}) "
      "AS "
      "lo, TRY_CAST(stats_max_value AS {2}) AS hi, stats_null_count AS nulls, row_group_num_rows AS group_rows)), "
      "true) "
      "ELSE true END)",
      QuoteLiteral(column), may, type);
  const std::string by_folder = fmt::format(
      "coalesce((SELECT {1} FROM (SELECT TRY_CAST(folder AS {2}) AS lo, TRY_CAST(folder AS {2}) AS hi, 0 AS nulls, 1 "
      "AS "
      "group_rows FROM (SELECT nullif(url_decode(regexp_extract(file_name, {0}, 1)), '') AS folder)) WHERE lo IS NOT "
      "NULL), true)",
      QuoteLiteral(fmt::format("/{}=([^/]*)/", QuotePattern(column))), may, type);
  return fmt::format("CASE WHEN bool_or(path_in_schema = {}) THEN {} ELSE {} END", QuoteLiteral(column), by_statistics,
                     by_folder);
}

// One answer row: objects, groups, kept groups, bytes and rows of the kept groups.
Statement FooterStatement(const Dataset& dataset, const DownloadRequest& request) {
  Statement statement;
  statement.snapshot = dataset.snapshot;
  std::vector<std::string> keys;
  for (const auto& [key, object] : dataset.snapshot->objects()) keys.push_back(QuoteLiteral("lake://" + key));
  std::set<std::string> read;
  if (!request.count) {
    for (const std::size_t column : request.columns) read.insert(dataset.columns[column].name);
  }
  std::string kept = "true";
  for (const Filter& filter : request.filters) {
    const Column& column = dataset.columns[filter.column];
    read.insert(column.name);
    const std::string type = ComparedType(column, filter.op, "");
    if (column.type_class == TypeClass::kNested) continue;
    std::vector<std::string> bound;
    for (const std::string& value : filter.values) {
      statement.values.push_back({value, ComparedType(column, filter.op, value)});
      bound.push_back(fmt::format("${}", statement.values.size()));
    }
    const std::string may = MayMatch(filter, bound);
    if (may == "true") continue;
    kept += " AND " + GroupMayMatch(column.name, type, may);
  }
  std::vector<std::string> names;
  for (const std::string& name : read) names.push_back(QuoteLiteral(name));
  statement.sql = fmt::format(
      "SELECT count(DISTINCT file_name), count(*), count(*) FILTER (kept), coalesce(sum(bytes) FILTER (kept), "
      "0)::UBIGINT, "
      "coalesce(sum(group_rows) FILTER (kept), 0)::UBIGINT FROM (SELECT file_name, any_value(row_group_num_rows) AS "
      "group_rows, {} AS kept, coalesce(sum(total_compressed_size) FILTER (split_part(path_in_schema, ', ', 1) IN "
      "({})), 0) "
      "AS bytes FROM parquet_metadata([{}]) GROUP BY file_name, row_group_id)",
      kept, names.empty() ? "''" : Join(names, ", "), Join(keys, ", "));
  return statement;
}

Result<Cost> CostOf(const Dataset& dataset, const DownloadRequest& request, Database& database) {
  Cost cost;
  cost.objects = dataset.snapshot->objects().size();
  if (dataset.source != SourceFormat::kParquet || cost.objects == 0) {
    cost.bytes = dataset.snapshot->size_bytes();
    cost.requests = cost.objects;
    return cost;
  }
  const auto table = database.Query(FooterStatement(dataset, request));
  if (!table) return table.error();
  cost.row_groups = Number(*table, 1);
  cost.row_groups_kept = Number(*table, 2);
  cost.bytes = Number(*table, 3);
  cost.rows = Number(*table, 4);
  // A footer for each object, and about one merged range for each row group.
  cost.requests = cost.objects + cost.row_groups_kept;
  return cost;
}

}  // namespace

Result<std::string> DryRun(const Dataset& dataset, const DownloadRequest& request, Database& database) {
  const auto cost = CostOf(dataset, request, database);
  if (!cost) return cost.error();
  auto rows = cost->rows;
  if (request.limit && rows) rows = std::min(*rows, *request.limit);
  if (request.count) rows = 1;
  const bool remote = dataset.snapshot->remote();
  return fmt::format(
      "{{\"dataset\":{},\"objects\":{},\"row_groups\":{},\"row_groups_kept\":{},\"requests\":{},\"bytes\":{},"
      "\"rows_at_most\":{},\"requests_usd\":{:.7f}}}\n",
      JsonQuote(dataset.config.name), cost->objects, cost->row_groups, cost->row_groups_kept, cost->requests,
      cost->bytes, rows ? std::to_string(*rows) : "null",
      remote ? kUsdPerRequest * static_cast<double>(cost->requests) : 0.0);
}

}  // namespace eider
