#include "catalog/json_columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/lake_sql.h"

namespace eider {
namespace {

// DuckDB's time to plan grows with the square of the aggregates in one SELECT.
constexpr std::size_t kColumnsAtOnce = 200;

std::string All(const std::string& condition) { return fmt::format("coalesce(bool_and({}), false)", condition); }
std::string Any(const std::string& condition) { return fmt::format("coalesce(bool_or({}), false)", condition); }

// Two answers for a column, whose meaning depends on its type.
std::string Checks(const std::string& value, const std::string& type) {
  const std::string text = fmt::format("({} ->> '$')", value);
  if (type == "JSON") return Any(fmt::format("json_type({}) IN ('OBJECT', 'ARRAY')", value)) + ", false";
  if (type == "HUGEINT") return All(fmt::format("TRY_CAST({} AS BIGINT) IS NOT NULL", text)) + ", false";
  if (type == "DOUBLE") {
    const std::string big = "regexp_full_match({0}, '-?[0-9]+') AND abs(TRY_CAST({0} AS DOUBLE)) > 9007199254740992";
    return Any(fmt::format(fmt::runtime(big), text)) + ", false";
  }
  if (type == "VARCHAR") {
    constexpr std::string_view kTime = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?";
    const auto are = [&](std::string_view zone, std::string_view time) {
      return All(fmt::format("{0} IS NULL OR (regexp_full_match({0}, '{1}{2}') AND TRY_CAST({0} AS {3}) IS NOT NULL)",
                             text, kTime, zone, time));
    };
    return are("", "TIMESTAMP") + ", " + are("(Z|[+-][0-9]{2}(:?[0-9]{2})?)", "TIMESTAMP WITH TIME ZONE");
  }
  return "false, false";
}

std::string Corrected(const std::string& type, bool first, bool second) {
  if (type == "JSON") return first ? type : "VARCHAR";
  if (type == "HUGEINT") return first ? "BIGINT" : type;
  if (type == "DOUBLE") return first ? "VARCHAR" : type;
  if (type == "VARCHAR") return first ? "TIMESTAMP" : second ? "TIMESTAMP WITH TIME ZONE" : type;
  return type;
}

void Configure(const DatasetConfig& config, std::vector<JsonColumn>& columns) {
  for (JsonColumn& column : columns) {
    for (const auto& [name, type] : config.types) {
      if (name == column.name) column.type = type;
    }
  }
}

}  // namespace

Status CorrectTypes(const LearnRequest& request, const std::string& source, const std::string& prefix,
                    std::vector<JsonColumn>& columns) {
  for (std::size_t begin = 0; begin < columns.size(); begin += kColumnsAtOnce) {
    const std::size_t end = std::min(begin + kColumnsAtOnce, columns.size());
    std::vector<std::string> checks;
    for (std::size_t i = begin; i < end; ++i) {
      const std::string value = prefix + QuoteIdentifier(columns[i].name);
      checks.push_back(fmt::format("count({}) = 0, {}", value, Checks(value, columns[i].type)));
    }
    const std::string sql = fmt::format("SELECT {} FROM {}", Join(checks, ", "), source);
    const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
    if (!table) return table.error();
    for (std::size_t i = begin; i < end; ++i) {
      const auto answer = [&](std::size_t check) { return table->rows[0][3 * (i - begin) + check] == "true"; };
      columns[i].absent = answer(0);
      if (!columns[i].absent) columns[i].type = Corrected(columns[i].type, answer(1), answer(2));
    }
  }
  Configure(request.config, columns);
  return {};
}

std::string ColumnMap(const std::vector<JsonColumn>& columns, const std::string& all) {
  std::vector<std::string> entries;
  for (const JsonColumn& column : columns) {
    entries.push_back(fmt::format("{}: {}", QuoteLiteral(column.name), QuoteLiteral(all.empty() ? column.type : all)));
  }
  return "{" + Join(entries, ", ") + "}";
}

std::string ReadJson(const LearnRequest& request, const std::string& columns, const std::string& arguments) {
  return fmt::format("read_json({}, records='true', columns={}{})", PathList(request.sources.objects), columns,
                     arguments);
}

}  // namespace eider
