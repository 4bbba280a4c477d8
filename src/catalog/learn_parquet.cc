#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalog/hive.h"
#include "catalog/lake_sql.h"
#include "catalog/learn.h"
#include "catalog/side_by_side.h"

namespace eider {
namespace {

// A footer of a remote lake is one or two round trips that wait and use no core; in a local one it is work.
constexpr int kRemoteThreads = 32;
constexpr int kLocalThreads = 2;

// On a remote lake at most so many footers are looked at when a dataset is opened: at 30 ms and 32 at once about 4 s.
// Of more objects it is the first, the last, and some evenly between; what the rest hold is checked as they are read.
constexpr std::size_t kRemoteFooters = 2000;

// What is wrong with an object that DuckDB cannot read as Parquet.
Error ExplainBroken(const ObjectInfo& object, const Snapshot& snapshot, const Error& error, const Call& call) {
  std::string head(std::min<std::uint64_t>(4, object.size_bytes), '\0');
  std::string tail = head;
  auto reader = snapshot.Open(object.key);
  if (!reader) return reader.error();
  if (auto status = (*reader)->Read(0, head, call); !status) return status.error();
  if (auto status = (*reader)->Read(object.size_bytes - tail.size(), tail, call); !status) return status.error();
  const auto says = [&](std::string_view what) {
    return Corrupt(fmt::format("object '{}' is no readable Parquet file: {}", object.key, what));
  };
  if (head == "PAR1" && tail != "PAR1") {
    return says(
        fmt::format("it begins as one but has no PAR1 footer at its end ({} bytes); it was probably cut off "
                    "while it was written or copied",
                    object.size_bytes));
  }
  if (tail != "PAR1" && tail != "PARE") return says("it has no PAR1 footer; it is something else");
  if (object.size_bytes < 12) return says(fmt::format("it is too short ({} bytes)", object.size_bytes));
  return says(fmt::format("its footer is broken: {}", PlainMessage(error)));
}

Status LearnObject(const LearnRequest& request, const ObjectInfo& object) {
  const std::string relation = fmt::format("read_parquet({}, hive_partitioning=false)", PathList({&object, 1}));
  auto columns = DescribeRelation(request.database, relation, request.snapshot, request.call);
  if (columns) {
    request.schemas.Keep(object, {*std::move(columns), {}});
    return {};
  }
  if (!IsAboutContent(columns.error())) return columns.error();
  return ExplainBroken(object, *request.snapshot, columns.error(), request.call);
}

// The objects whose schema is compared: all, or a spread of them on a big remote lake.
std::vector<const ObjectInfo*> Chosen(const LearnRequest& request) {
  const auto& objects = request.sources.objects;
  const std::size_t count = request.snapshot->remote() ? std::min(objects.size(), kRemoteFooters) : objects.size();
  std::vector<const ObjectInfo*> chosen;
  for (std::size_t i = 0; i < count; ++i) {
    chosen.push_back(&objects[count == 1 ? 0 : i * (objects.size() - 1) / (count - 1)]);
  }
  return chosen;
}

using ByName = std::map<std::string, const Column*>;

ByName IndexColumns(const ObjectSchema& schema) {
  ByName index;
  for (const Column& column : schema.columns) index.emplace(ToLower(column.name), &column);
  return index;
}

Error Differ(const LearnRequest& request, const ObjectInfo& a, const ObjectInfo& b, const std::string& how) {
  return Invalid(
      fmt::format("dataset '{}': objects '{}' and '{}' differ: {}; if they belong together set "
                  "`union_by_name: true` for the dataset in eider.yaml, else choose with `glob`",
                  request.config.name, a.key, b.key, how));
}

Status Compare(const LearnRequest& request, const ObjectInfo& a, const ByName& columns_a, const ObjectInfo& b,
               const ByName& columns_b) {
  for (const auto& [name, column] : columns_a) {
    const auto other = columns_b.find(name);
    if (other == columns_b.end()) {
      return Differ(request, a, b, fmt::format("column '{}' ({}) is only in the first", column->name, column->type));
    }
    if (other->second->type != column->type) {
      return Differ(request, a, b,
                    fmt::format("column '{}' is {} in the first and {} in the second", column->name, column->type,
                                other->second->type));
    }
  }
  for (const auto& [name, column] : columns_b) {
    if (columns_a.contains(name)) continue;
    return Differ(request, a, b, fmt::format("column '{}' ({}) is only in the second", column->name, column->type));
  }
  return {};
}

Status CheckObjects(const LearnRequest& request) {
  const auto chosen = Chosen(request);
  std::vector<const ObjectInfo*> unknown;
  std::copy_if(chosen.begin(), chosen.end(), std::back_inserter(unknown),
               [&](const ObjectInfo* object) { return request.schemas.Find(*object) == nullptr; });
  auto status = SideBySide(unknown.size(), request.snapshot->remote() ? kRemoteThreads : kLocalThreads, request.call,
                           [&](std::size_t i) { return LearnObject(request, *unknown[i]); });
  if (!status || request.config.union_by_name) return status;
  const auto first = request.schemas.Find(*chosen[0]);
  if (!first) return {};
  const ByName columns = IndexColumns(*first);
  for (const ObjectInfo* object : chosen) {
    const auto schema = request.schemas.Find(*object);
    if (!schema || schema == first) continue;  // equal schemas are one
    if (auto same = Compare(request, *chosen[0], columns, *object, IndexColumns(*schema)); !same) return same;
  }
  return {};
}

}  // namespace

Result<Learned> LearnParquet(const LearnRequest& request) {
  if (!request.config.trust_first) {
    if (auto status = CheckObjects(request); !status) return status.error();
  }
  const auto hive = LearnHive(request.sources.objects, request.config);
  if (!hive) return hive.error();
  Learned learned;
  learned.relation = fmt::format("read_parquet({}{}{})", PathList(request.sources.objects), HiveArguments(*hive),
                                 request.config.union_by_name ? ", union_by_name=true" : "");
  auto columns = DescribeRelation(request.database, learned.relation, request.snapshot, request.call);
  if (!columns) return columns.error();
  learned.columns = *std::move(columns);
  // A file's own column of that name would hide the position.
  learned.row_position = std::none_of(learned.columns.begin(), learned.columns.end(), [](const Column& column) {
    return ToLower(column.name) == "file_index" || ToLower(column.name) == "file_row_number";
  });
  return learned;
}

}  // namespace eider
