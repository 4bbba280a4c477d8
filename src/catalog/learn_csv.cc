#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "catalog/csv_object.h"
#include "catalog/hive.h"
#include "catalog/lake_sql.h"
#include "catalog/learn.h"
#include "catalog/side_by_side.h"

namespace eider {
namespace {

// Objects up to this size are read whole when first seen: less than a second each. Packed text unfolds about eightfold.
constexpr std::uint64_t kWholeBytes = 64ULL << 20;
constexpr std::uint64_t kPacking = 8;

// Together no more than this is read whole at one opening: some ten seconds from a disk, or over 30 MB/s.
constexpr std::uint64_t kLocalBudget = 2ULL << 30;
constexpr std::uint64_t kRemoteBudget = 256ULL << 20;

// Objects looked at side by side. Each holds a read buffer of its size, at most 32 MB.
constexpr int kRemoteThreads = 8;
constexpr int kLocalThreads = 2;

// A column of the dataset: one type for all of its objects.
struct Typed {
  std::string name;
  std::string type;
  bool known = false;       // an object with values, or the configuration, said the type
  bool configured = false;  // by the configuration
  bool wide = false;
  bool empty_text = false;
  bool sampled = false;  // some object was not read whole
};

// The type that holds the values of both without loss.
std::string Widen(const std::string& a, const std::string& b, bool wide) {
  if (a == b) return a;
  const auto are = [&](const char* x, const char* y) { return (a == x && b == y) || (a == y && b == x); };
  if (are("BIGINT", "DOUBLE") && !wide) return "DOUBLE";
  return "VARCHAR";
}

using SchemaList = std::vector<ObjectSchemas::Pointer>;

// Whether each object that is not known yet is read whole: small ones, in order, while the budget lasts.
std::vector<bool> ReadWhole(const LearnRequest& request, const SchemaList& known) {
  std::uint64_t budget = request.snapshot->remote() ? kRemoteBudget : kLocalBudget;
  std::vector<bool> whole(known.size(), false);
  for (std::size_t i = 0; i < known.size(); ++i) {
    const ObjectInfo& object = request.sources.objects[i];
    const std::uint64_t bytes = object.size_bytes * (object.key.ends_with(".gz") ? kPacking : 1);
    whole[i] = !known[i] && bytes <= std::min(kWholeBytes, budget);
    if (whole[i]) budget -= bytes;
  }
  return whole;
}

Result<SchemaList> LearnObjects(const LearnRequest& request) {
  std::string how;  // what of the configuration LearnCsvObject looked at
  for (const auto& [name, type] : request.config.types) how += name + '\0' + type + '\0';
  SchemaList schemas;
  for (const ObjectInfo& object : request.sources.objects) schemas.push_back(request.schemas.Find(object, how));
  const auto whole = ReadWhole(request, schemas);
  const int threads = request.snapshot->remote() ? kRemoteThreads : kLocalThreads;
  auto status = SideBySide(schemas.size(), threads, request.call, [&](std::size_t i) -> Status {
    if (schemas[i]) return {};
    const ObjectInfo& object = request.sources.objects[i];
    auto learned = LearnCsvObject(request, object, whole[i]);
    if (!learned) return learned.error();
    schemas[i] = request.schemas.Keep(object, *std::move(learned), how);
    return {};
  });
  if (!status) return status.error();
  return schemas;
}

std::set<std::string> NamesOf(const ObjectSchema& schema) {
  std::set<std::string> names;
  for (const Column& column : schema.columns) names.insert(column.name);
  return names;
}

// Types are guesses and are widened; names are facts and must be the same.
Status CheckNames(const LearnRequest& request, const SchemaList& schemas) {
  if (request.config.union_by_name) return {};
  const auto names = NamesOf(*schemas[0]);
  for (std::size_t i = 1; i < schemas.size(); ++i) {
    if (schemas[i] == schemas[0]) continue;
    const auto others = NamesOf(*schemas[i]);
    std::vector<std::string> only;
    std::set_symmetric_difference(names.begin(), names.end(), others.begin(), others.end(), std::back_inserter(only));
    if (only.empty()) continue;
    const auto& objects = request.sources.objects;
    return Invalid(fmt::format(
        "dataset '{}': objects '{}' and '{}' differ: column '{}' is only in the {}; if they belong "
        "together set `union_by_name: true` for the dataset in eider.yaml, else choose with `glob`",
        request.config.name, objects[0].key, objects[i].key, only[0], names.contains(only[0]) ? "first" : "second"));
  }
  return {};
}

void Merge(Typed& typed, const Column& column, const CsvFacts::Values& values, bool whole) {
  typed.empty_text = typed.empty_text || values.empty_text;
  typed.wide = typed.wide || values.wide;
  typed.sampled = typed.sampled || !whole;
  if (typed.configured || (values.only_nulls && whole)) return;
  typed.type = typed.known ? Widen(typed.type, column.type, typed.wide) : column.type;
  typed.known = true;
}

// The dataset's columns, in the order in which they first appear.
std::vector<Typed> MergeTypes(const LearnRequest& request, const SchemaList& schemas) {
  std::vector<Typed> columns;
  std::map<std::string, std::size_t> index;
  for (const auto& schema : schemas) {
    if (&schema != &schemas[0] && schema == *(&schema - 1)) continue;  // the same as of the object before
    for (std::size_t i = 0; i < schema->columns.size(); ++i) {
      const Column& column = schema->columns[i];
      const auto [place, added] = index.emplace(column.name, columns.size());
      if (added) {
        Typed& typed = columns.emplace_back(Typed{column.name, "VARCHAR"});
        for (const auto& [name, type] : request.config.types) {
          if (name == column.name) typed.type = type, typed.known = typed.configured = true;
        }
      }
      Merge(columns[place->second], column, schema->csv.values[i], schema->csv.whole);
    }
  }
  return columns;
}

// A number that is only known from a sample is read as text and cast where no value is seen that the cast would change:
// such a value is an error, not silently another one.
std::string GuardedCast(const Typed& column, const std::string& name) {
  const std::string message =
      QuoteLiteral(fmt::format("column '{}' holds a value further down that is no plain number ('00501', '+1'): set "
                               "`types: {{{}: VARCHAR}}` for "
                               "the dataset in eider.yaml",
                               column.name, column.name));
  return fmt::format(
      "CASE WHEN starts_with({0}, '+') OR ((starts_with({0}, '0') OR starts_with({0}, '-0')) AND "
      "regexp_matches({0}, '^-?0[0-9]')) THEN error({1}) ELSE CAST(nullif({0}, '') AS {2}) END",
      name, message, column.type);
}

std::string TextCast(const Typed& column, const std::string& name, const CsvFacts& facts) {
  const std::string text = fmt::format("nullif({}, '')", name);
  const std::string& format = column.type == "DATE" ? facts.date_format : facts.timestamp_format;
  if (!format.empty() && (column.type == "DATE" || column.type.starts_with("TIMESTAMP"))) {
    return fmt::format("CAST(strptime({}, {}) AS {})", text, QuoteLiteral(format), column.type);
  }
  return fmt::format("CAST({} AS {})", text, column.type);
}

// read_csv over objects [begin, end), which are written alike.
std::string ReadRun(const LearnRequest& request, const ObjectSchema& schema, const std::map<std::string, Typed>& types,
                    const std::string& hive, std::size_t begin, std::size_t end) {
  std::vector<std::string> reads;
  std::vector<std::string> casts;
  for (const Column& column : schema.columns) {
    const Typed& typed = types.at(column.name);
    const std::string name = QuoteIdentifier(column.name);
    const bool number = typed.type == "BIGINT" || typed.type == "DOUBLE";
    const bool guard = typed.sampled && number && !typed.configured;
    const bool cast = guard || (typed.empty_text && typed.type != "VARCHAR");
    reads.push_back(fmt::format("{}: {}", QuoteLiteral(column.name), QuoteLiteral(cast ? "VARCHAR" : typed.type)));
    if (!cast) continue;
    casts.push_back(
        fmt::format("{} AS {}", guard ? GuardedCast(typed, name) : TextCast(typed, name, schema.csv), name));
  }
  const auto objects = std::span(request.sources.objects).subspan(begin, end - begin);
  const std::string read = fmt::format("read_csv({}, {}, columns={{{}}}{})", PathList(objects), CsvDialect(schema.csv),
                                       Join(reads, ", "), hive);
  return casts.empty() ? read : fmt::format("(SELECT * REPLACE ({}) FROM {})", Join(casts, ", "), read);
}

bool WrittenAlike(const ObjectSchema& a, const ObjectSchema& b) {
  return a.csv.delimiter == b.csv.delimiter && a.csv.header == b.csv.header && a.csv.date_format == b.csv.date_format &&
         a.csv.timestamp_format == b.csv.timestamp_format &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                    [](const Column& x, const Column& y) { return x.name == y.name; });
}

// Neighbours that are written alike are read by one read_csv; more than one of these are joined in order.
std::string Relation(const LearnRequest& request, const SchemaList& schemas, const std::vector<Typed>& columns,
                     const std::string& hive) {
  std::map<std::string, Typed> types;
  for (const Typed& column : columns) types.emplace(column.name, column);
  std::vector<std::string> runs;
  for (std::size_t begin = 0; begin < schemas.size();) {
    std::size_t end = begin + 1;
    while (end < schemas.size() && (schemas[end] == schemas[begin] || WrittenAlike(*schemas[end], *schemas[begin])))
      ++end;
    runs.push_back(ReadRun(request, *schemas[begin], types, hive, begin, end));
    begin = end;
  }
  if (runs.size() == 1) return runs[0];
  return fmt::format("(SELECT * FROM {})", Join(runs, " UNION ALL BY NAME SELECT * FROM "));
}

}  // namespace

Result<Learned> LearnCsv(const LearnRequest& request) {
  const auto hive = LearnHive(request.sources.objects, request.config);
  if (!hive) return hive.error();
  const auto schemas = LearnObjects(request);
  if (!schemas) return schemas.error();
  if (auto status = CheckNames(request, *schemas); !status) return status.error();
  Learned learned;
  learned.relation = Relation(request, *schemas, MergeTypes(request, *schemas), HiveArguments(*hive));
  auto columns = DescribeRelation(request.database, learned.relation, request.snapshot, request.call);
  if (!columns) return columns.error();
  learned.columns = *std::move(columns);
  return learned;
}

}  // namespace eider
