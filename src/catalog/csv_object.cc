#include "catalog/csv_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "catalog/lake_sql.h"

namespace eider {
namespace {

// Rows of an object too big to be read whole when its dataset is opened; a few MB of CSV.
constexpr int kSampledRows = 100'000;

// DuckDB's time to plan grows with the square of the aggregates in one SELECT (30,000 take a minute): more columns than
// this are checked in another way, which looks at each value for every type.
constexpr std::size_t kNarrowColumns = 200;

Error Broken(const ObjectInfo& object, const Error& error) {
  if (!IsAboutContent(error)) return error;
  return Corrupt(fmt::format("object '{}' is no readable CSV file: {}", object.key, PlainMessage(error)));
}

// The first line as it stands, through DuckDB so that .gz is unpacked. A control character that no CSV is delimited by
// makes it one column.
Result<std::string> FirstLine(const LearnRequest& request, const ObjectInfo& object) {
  const std::string sql = fmt::format(
      "SELECT line FROM read_csv({}, auto_detect=false, header=false, columns={{'line': 'VARCHAR'}}, delim='\x1f', "
      "quote='', escape='', comment='', strict_mode=false, hive_partitioning=false) LIMIT 1",
      PathList({&object, 1}));
  auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (!table) return Broken(object, table.error());
  return table->rows.empty() ? std::string() : table->rows[0][0].value_or("");
}

struct Header {
  char delimiter = ',';
  std::size_t columns = 1;
};

// The candidate that occurs most often outside quotes.
Header ReadHeader(std::string_view line) {
  constexpr std::string_view kCandidates = ",;\t|";
  std::array<std::size_t, kCandidates.size()> counts{};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const auto candidate = kCandidates.find(c);
    if (!quoted && candidate != std::string_view::npos) ++counts[candidate];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return {kCandidates[static_cast<std::size_t>(most - counts.begin())], *most + 1};
}

// Why DuckDB's sniffer gave up: a strict read of the same object names the line.
Error ExplainSniff(const LearnRequest& request, const ObjectInfo& object, const Header& header, const Error& error) {
  if (!IsAboutContent(error)) return error;
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < header.columns; ++i) columns.push_back(fmt::format("'c{}': 'VARCHAR'", i));
  CsvFacts facts;
  facts.delimiter = header.delimiter;
  const std::string sql = fmt::format("SELECT count(*) FROM read_csv({}, {}, columns={{{}}}, hive_partitioning=false)",
                                      PathList({&object, 1}), CsvDialect(facts), Join(columns, ", "));
  const auto count = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  return Broken(object, count ? error : count.error());
}

Result<ObjectSchema> Sniff(const LearnRequest& request, const ObjectInfo& object, bool whole) {
  const auto line = FirstLine(request, object);
  if (!line) return line.error();
  const Header header = ReadHeader(*line);
  const std::string sql = fmt::format(
      "SELECT c.name, c.type, HasHeader, DateFormat, TimestampFormat FROM (SELECT unnest(Columns) AS c, HasHeader, "
      "DateFormat, TimestampFormat FROM sniff_csv({}, delim='{}', quote='\"', escape='\"', comment='', skip=0, "
      "strict_mode=true, sample_size={}))",
      QuoteLiteral("lake://" + object.key), header.delimiter, whole ? -1 : kSampledRows);
  auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (!table) return ExplainSniff(request, object, header, table.error());
  ObjectSchema schema;
  for (const auto& row : table->rows) {
    schema.columns.push_back({row[0].value_or(""), row[1].value_or("VARCHAR"), TypeClass::kOther});
    schema.csv.header = row[2] == "true";
    schema.csv.date_format = row[3].value_or("");
    schema.csv.timestamp_format = row[4].value_or("");
  }
  schema.csv.delimiter = header.delimiter;
  schema.csv.whole = whole;
  return schema;
}

// Whether a text that DuckDB reads as `type` would come out as something else than was written.
std::string LossyWhen(const std::string& type, const std::string& column) {
  if (type == "BIGINT") {  // leading zeros, '+', "1_000"
    return fmt::format("CAST(TRY_CAST({0} AS BIGINT) AS VARCHAR) IS DISTINCT FROM trim({0})", column);
  }
  if (type == "DOUBLE") {  // the same, and integers that have more digits than a double
    return fmt::format(
        "regexp_matches({0}, '^\\s*([+]|-?0[0-9])|_') OR (abs(TRY_CAST({0} AS DOUBLE)) > 9007199254740992 AND "
        "regexp_full_match({0}, '\\s*-?[0-9]+\\s*'))",
        column);
  }
  if (type == "BOOLEAN") return fmt::format("lower(trim({})) NOT IN ('true', 'false')", column);    // "t", "f"
  if (type.starts_with("TIME")) return fmt::format("regexp_matches({}, '[.][0-9]{{7}}')", column);  // nanoseconds
  return "false";
}

// The object with every column as text: c0, c1, …
std::string Texts(const ObjectInfo& object, const ObjectSchema& schema) {
  std::vector<std::string> reads;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) reads.push_back(fmt::format("'c{}': 'VARCHAR'", i));
  return fmt::format("(SELECT * FROM read_csv({}, {}, columns={{{}}}, hive_partitioning=false){})",
                     PathList({&object, 1}), CsvDialect(schema.csv), Join(reads, ", "),
                     schema.csv.whole ? "" : fmt::format(" LIMIT {}", kSampledRows));
}

std::string Any(const std::string& condition) { return fmt::format("coalesce(bool_or({}), false)", condition); }

// Four answers for a column: only nulls, an empty text, a value that its type would lose, an integer over 2^53.
std::string Checks(const Column& column, const std::string& name) {
  const std::string nulls = fmt::format("count(nullif({}, '')) = 0", name);
  if (column.type == "VARCHAR") return nulls + ", false, false, false";
  return fmt::format(
      "{}, {}, {}, {}", nulls, Any(name + " = ''"),
      Any(fmt::format("{} <> '' AND ({})", name, LossyWhen(column.type, name))),
      column.type == "BIGINT" ? Any(fmt::format("abs(TRY_CAST({} AS HUGEINT)) > 9007199254740992", name)) : "false");
}

// One SELECT of four checks for each column.
Result<std::vector<CsvFacts::Values>> CheckNarrow(const LearnRequest& request, ObjectSchema& schema,
                                                  const std::string& texts) {
  std::vector<std::string> checks;
  for (std::size_t i = 0; i < schema.columns.size(); ++i)
    checks.push_back(Checks(schema.columns[i], fmt::format("c{}", i)));
  const std::string sql = fmt::format("SELECT {} FROM {}", Join(checks, ", "), texts);
  const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (!table) return table.error();
  std::vector<CsvFacts::Values> values;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const auto answer = [&](std::size_t check) { return table->rows[0][4 * i + check] == "true"; };
    values.push_back({answer(0), answer(1), answer(3)});
    if (answer(2)) schema.columns[i].type = "VARCHAR";
  }
  return values;
}

// The same for many columns: their values one below the other, each checked for every type, grouped by column.
Result<std::vector<CsvFacts::Values>> CheckWide(const LearnRequest& request, ObjectSchema& schema,
                                                const std::string& texts) {
  constexpr std::array<const char*, 4> kTypes = {"BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP"};
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) cells.push_back(fmt::format("c{}", i));
  std::string checks = Checks({"", "BIGINT", {}}, "v");
  for (const char* type : kTypes) checks += ", " + Any(fmt::format("v <> '' AND ({})", LossyWhen(type, "v")));
  const std::string sql = fmt::format(
      "SELECT {} FROM (SELECT unnest(l) AS v, generate_subscripts(l, 1) AS i FROM (SELECT [{}] AS l FROM {})) GROUP BY "
      "i "
      "ORDER BY i",
      checks, Join(cells, ", "), texts);
  const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (!table) return table.error();
  std::vector<CsvFacts::Values> values(schema.columns.size(), {/*only_nulls=*/true, false, false});
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    const auto answer = [&](std::size_t check) { return table->rows[i][check] == "true"; };
    std::string& type = schema.columns[i].type;
    values[i] = {answer(0), answer(1), type == "BIGINT" && answer(3)};
    for (std::size_t known = 0; known < kTypes.size(); ++known) {
      const bool same = type == kTypes[known] || (known == 3 && type.starts_with("TIME"));
      if (same && answer(4 + known)) type = "VARCHAR";
    }
  }
  return values;
}

// Takes back the types that lose something: one pass over the texts.
Status Verify(const LearnRequest& request, const ObjectInfo& object, ObjectSchema& schema) {
  const std::string texts = Texts(object, schema);
  auto values =
      schema.columns.size() > kNarrowColumns ? CheckWide(request, schema, texts) : CheckNarrow(request, schema, texts);
  if (!values) return Broken(object, values.error());
  schema.csv.values = *std::move(values);
  return {};
}

// A type that eider.yaml gives is tried on every value looked at, so that a wrong one shows at once and with its line.
Status TryConfiguredTypes(const LearnRequest& request, const ObjectInfo& object, const ObjectSchema& schema) {
  std::vector<std::string> reads;
  std::vector<std::string> counts;
  for (const Column& column : schema.columns) {
    std::string type = "VARCHAR";
    for (const auto& [name, wanted] : request.config.types) {
      if (name != column.name) continue;
      type = wanted;
      counts.push_back(fmt::format("count({})", QuoteIdentifier(name)));
    }
    reads.push_back(fmt::format("{}: {}", QuoteLiteral(column.name), QuoteLiteral(type)));
  }
  if (counts.empty()) return {};
  const std::string sql =
      fmt::format("SELECT {} FROM (SELECT * FROM read_csv({}, {}, columns={{{}}}, hive_partitioning=false){})",
                  Join(counts, ", "), PathList({&object, 1}), CsvDialect(schema.csv), Join(reads, ", "),
                  schema.csv.whole ? "" : fmt::format(" LIMIT {}", kSampledRows));
  const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (table) return {};
  if (!IsAboutContent(table.error())) return table.error();
  return Invalid(
      fmt::format("dataset '{}': a value does not fit the type that `types` in eider.yaml gives its column: "
                  "object '{}': {}",
                  request.config.name, object.key, PlainMessage(table.error())));
}

}  // namespace

std::string CsvDialect(const CsvFacts& facts) {
  std::string text = fmt::format(
      "auto_detect=false, delim='{}', quote='\"', escape='\"', comment='', skip=0, strict_mode=true, header={}, "
      "allow_quoted_nulls=false",
      facts.delimiter, facts.header);
  if (!facts.date_format.empty()) text += ", dateformat=" + QuoteLiteral(facts.date_format);
  if (!facts.timestamp_format.empty()) text += ", timestampformat=" + QuoteLiteral(facts.timestamp_format);
  return text;
}

Result<ObjectSchema> LearnCsvObject(const LearnRequest& request, const ObjectInfo& object, bool whole) {
  auto schema = Sniff(request, object, whole);
  if (!schema) return schema;
  if (auto status = Verify(request, object, *schema); !status) return status.error();
  if (auto status = TryConfiguredTypes(request, object, *schema); !status) return status.error();
  return schema;
}

}  // namespace eider
