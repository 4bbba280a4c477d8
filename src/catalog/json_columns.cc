#include "catalog/json_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

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

// The type with BIGINT for every HUGEINT in it. A field of that name is followed by its type, never by these.
std::string Narrowed(const std::string& type) {
  constexpr std::string_view kWide = "HUGEINT";
  std::string narrow;
  bool quoted = false;
  for (std::size_t i = 0; i < type.size();) {
    if (type[i] == '"') quoted = !quoted;
    const std::size_t end = i + kWide.size();
    const bool word = i > 0 && (type[i - 1] == ' ' || type[i - 1] == '(');
    if (!quoted && type.compare(i, kWide.size(), kWide) == 0 && (word || i == 0) &&
        (end == type.size() || std::string_view("[,)").find(type[end]) != std::string_view::npos)) {
      narrow += "BIGINT";
      i = end;
    } else {
      narrow += type[i++];
    }
  }
  return narrow;
}

// Lists and structs of HUGEINT become such of BIGINT when every value can be read so.
Status NarrowNested(const LearnRequest& request, const ReadAs& read, const std::string& prefix,
                    std::vector<JsonColumn>& columns) {
  std::vector<std::string> counts;
  auto narrow = columns;
  for (JsonColumn& column : narrow) {
    std::string type = Narrowed(column.type);
    if (type == column.type) continue;
    column.type = std::move(type);
    counts.push_back(fmt::format("count({}{})", prefix, QuoteIdentifier(column.name)));
  }
  if (counts.empty()) return {};
  const std::string sql = fmt::format("SELECT {} FROM {}", Join(counts, ", "), read(narrow));
  const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (table) columns = std::move(narrow);
  return table || IsAboutContent(table.error()) ? Status() : Status(table.error());
}

Status CorrectBatch(const LearnRequest& request, const ReadAs& read, const std::string& prefix,
                    std::span<JsonColumn> columns) {
  std::vector<JsonColumn> raw(columns.begin(), columns.end());
  std::vector<std::string> checks;
  for (JsonColumn& column : raw) {
    const std::string value = prefix + QuoteIdentifier(column.name);
    checks.push_back(fmt::format("count({}) = 0, {}", value, Checks(value, column.type)));
    column.type = "JSON";
  }
  const std::string sql = fmt::format("SELECT {} FROM {}", Join(checks, ", "), read(raw));
  const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (!table) return table.error();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto answer = [&](std::size_t check) { return table->rows[0][3 * i + check] == "true"; };
    columns[i].absent = answer(0);
    if (!columns[i].absent) columns[i].type = Corrected(columns[i].type, answer(1), answer(2));
  }
  return {};
}

void Configure(const DatasetConfig& config, std::vector<JsonColumn>& columns) {
  for (JsonColumn& column : columns) {
    for (const auto& [name, type] : config.types) {
      if (name == column.name) column.type = type;
    }
  }
}

}  // namespace

Status CorrectTypes(const LearnRequest& request, const ReadAs& read, const std::string& prefix,
                    std::vector<JsonColumn>& columns) {
  for (std::size_t begin = 0; begin < columns.size(); begin += kColumnsAtOnce) {
    const auto batch = std::span(columns).subspan(begin, std::min(kColumnsAtOnce, columns.size() - begin));
    if (auto status = CorrectBatch(request, read, prefix, batch); !status) return status;
  }
  if (auto status = NarrowNested(request, read, prefix, columns); !status) return status;
  Configure(request.config, columns);
  return {};
}

std::string ColumnMap(const std::vector<JsonColumn>& columns) {
  std::vector<std::string> entries;
  for (const JsonColumn& column : columns) {
    entries.push_back(fmt::format("{}: {}", QuoteLiteral(column.name), QuoteLiteral(column.type)));
  }
  return "{" + Join(entries, ", ") + "}";
}

std::string ReadJson(const LearnRequest& request, const std::string& columns, const std::string& arguments) {
  return fmt::format("read_json({}, records='true', columns={}{})", PathList(request.sources.objects), columns,
                     arguments);
}

}  // namespace eider
