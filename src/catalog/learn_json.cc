#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "catalog/geojson.h"
#include "catalog/hive.h"
#include "catalog/json_columns.h"
#include "catalog/lake_sql.h"
#include "catalog/learn.h"
#include "catalog/side_by_side.h"

namespace eider {
namespace {

// Records of up to this many bytes in all are looked at whole when the dataset is opened; of more, the first
// kSampledRecords: what comes later and fits no column is left out, so `types` should name it.
constexpr std::uint64_t kLocalBytes = 1ULL << 30;
constexpr std::uint64_t kRemoteBytes = 128ULL << 20;
constexpr int kSampledRecords = 200'000;

// A look at an object's ends is one or two round trips that wait and use no core.
constexpr int kRemoteThreads = 32;

// DuckDB's own limit for one record is 16 MiB; a whole FeatureCollection is one. Each thread holds a few of this size.
constexpr std::uint64_t kRecordBytes = 256ULL << 20;

std::string GuessArguments(const LearnRequest& request) {
  const bool whole = request.snapshot->size_bytes() <= (request.snapshot->remote() ? kRemoteBytes : kLocalBytes);
  return fmt::format(
      "records='true', union_by_name=true, map_inference_threshold=-1, dateformat='iso', timestampformat='iso', "
      "maximum_sample_files={}, sample_size={}",
      request.sources.objects.size(), whole ? -1 : kSampledRecords);
}

Error Broken(const LearnRequest& request, const Error& error) {
  if (!IsAboutContent(error)) return error;
  return Corrupt(fmt::format("dataset '{}': {}", request.config.name, PlainMessage(error)));
}

// Which object made DuckDB say that records are wanted: one of other values, or, when no object has any record, the
// first.
Error ExplainNoRecords(const LearnRequest& request) {
  for (const ObjectInfo& object : request.sources.objects) {
    const std::string sql = fmt::format(
        "SELECT bool_and(json_type(json) = 'OBJECT') FROM read_json({}, records='false', columns={{'json': "
        "'JSON'}}, hive_partitioning=false)",
        PathList({&object, 1}));
    const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
    if (!table) return Broken(request, table.error());
    if (table->rows[0][0] == "false") {
      return Corrupt(
          fmt::format("object '{}' holds values that are no records; a list of objects, or one object a line, "
                      "is wanted",
                      object.key));
    }
  }
  return Invalid(
      fmt::format("dataset '{}': object '{}' holds no record, so its columns are not known; name them with "
                  "`types` in eider.yaml",
                  request.config.name, request.sources.objects.front().key));
}

// What the records hold, and the arguments that reading them needs.
struct Guess {
  std::vector<Column> columns;
  std::string arguments;
};

Result<Guess> GuessColumns(const LearnRequest& request, const std::string& hive) {
  Guess guess{{}, hive};
  const auto relation = [&] {
    return fmt::format("read_json({}, {}{})", PathList(request.sources.objects), GuessArguments(request),
                       guess.arguments);
  };
  auto columns = DescribeRelation(request.database, relation(), request.snapshot, request.call);
  if (!columns && columns.error().message.find("maximum_object_size") != std::string::npos) {
    guess.arguments += fmt::format(", maximum_object_size={}", kRecordBytes);
    columns = DescribeRelation(request.database, relation(), request.snapshot, request.call);
  }
  if (columns) {
    guess.columns = *std::move(columns);
    return guess;
  }
  if (columns.error().message.find("non-record JSON") == std::string::npos) return Broken(request, columns.error());
  if (request.config.types.empty()) return ExplainNoRecords(request);
  return guess;  // no records: the configuration names the columns
}

// "A_1" beside "a": how DuckDB tells apart keys that differ in case only. Reading it would look for a key "A_1".
bool IsRenamed(const std::string& name, const std::vector<JsonColumn>& columns) {
  const auto underscore = name.rfind('_');
  if (underscore == std::string::npos || underscore + 1 == name.size()) return false;
  if (!std::all_of(name.begin() + static_cast<std::ptrdiff_t>(underscore) + 1, name.end(),
                   [](unsigned char c) { return std::isdigit(c) != 0; })) {
    return false;
  }
  const std::string base = name.substr(0, underscore);
  return std::any_of(columns.begin(), columns.end(), [&](const JsonColumn& other) {
    return other.name != base && ToLower(other.name) == ToLower(base);
  });
}

Status CheckRenamed(const LearnRequest& request, const std::vector<JsonColumn>& columns) {
  for (const JsonColumn& column : columns) {
    if (!column.absent || !IsRenamed(column.name, columns)) continue;
    return Invalid(
        fmt::format("dataset '{}' has records with a key '{}' and another that differs in capitals only; rename "
                    "one",
                    request.config.name, column.name.substr(0, column.name.rfind('_'))));
  }
  return {};
}

// The keys of records: the guessed columns without those of folders, and what only the configuration names.
std::vector<JsonColumn> KeysOf(const LearnRequest& request, const std::vector<Column>& columns,
                               const std::vector<HiveColumn>& hive) {
  std::vector<JsonColumn> keys;
  const auto has = [](const auto& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.name == name; });
  };
  for (const Column& column : columns) {
    if (!has(hive, column.name)) keys.push_back({column.name, column.type});
  }
  if (!columns.empty()) return keys;
  for (const auto& [name, type] : request.config.types) {
    if (!has(hive, name)) keys.push_back({name, type});
  }
  return keys;
}

// The characters of a piece of an object that are no white space.
Result<std::string> Visible(const LearnRequest& request, const ObjectInfo& object, std::uint64_t begin,
                            std::uint64_t size) {
  std::string bytes(size, '\0');
  const auto reader = request.snapshot->Open(object.key);
  if (!reader) return reader.error();
  if (auto status = (*reader)->Read(begin, bytes, request.call); !status) return status.error();
  std::erase_if(bytes, [](unsigned char c) { return std::isspace(c) != 0; });
  return bytes;
}

// DuckDB takes an array that ends after a record for whole; what was cut off would be missing without a word.
Status CheckArraysEnd(const LearnRequest& request) {
  constexpr std::uint64_t kLooked = 256;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const auto& objects = request.sources.objects;
  const int threads = request.snapshot->remote() ? kRemoteThreads : 1;
  return SideBySide(objects.size(), threads, request.call, [&](std::size_t i) -> Status {
    const ObjectInfo& object = objects[i];
    if (object.key.ends_with(".gz") || object.size_bytes == 0) return {};
    const std::uint64_t looked = std::min(kLooked, object.size_bytes);
    auto head = Visible(request, object, 0, looked);
    if (!head) return head.error();
    if (head->starts_with(kByteOrderMark)) head->erase(0, kByteOrderMark.size());
    if (!head->starts_with('[')) return {};
    const auto tail = Visible(request, object, object.size_bytes - looked, looked);
    if (!tail) return tail.error();
    if (tail->empty() || tail->ends_with(']')) return {};
    return Corrupt(fmt::format("object '{}' is cut: the array of records has no end", object.key));
  });
}

}  // namespace

Result<Learned> LearnJson(const LearnRequest& request) {
  if (auto status = CheckArraysEnd(request); !status) return status.error();
  const auto hive = LearnHive(request.sources.objects, request.config);
  if (!hive) return hive.error();
  const auto guess = GuessColumns(request, HiveArguments(*hive));
  if (!guess) return guess.error();
  Learned learned;
  auto features = FeatureRelation(request, guess->columns, guess->arguments);
  if (!features) return Broken(request, features.error());
  if (*features) {
    learned.relation = **std::move(features);
  } else {
    auto keys = KeysOf(request, guess->columns, *hive);
    const ReadAs read = [&](const std::vector<JsonColumn>& as) {
      return ReadJson(request, ColumnMap(as), guess->arguments);
    };
    if (auto status = CorrectTypes(request, read, "", keys); !status) return Broken(request, status.error());
    if (auto status = CheckRenamed(request, keys); !status) return status.error();
    learned.relation = read(keys);
  }
  auto columns = DescribeRelation(request.database, learned.relation, request.snapshot, request.call);
  if (!columns) return Broken(request, columns.error());
  learned.columns = *std::move(columns);
  return learned;
}

}  // namespace eider
