#include "cli/write.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "catalog/dataset_write.h"
#include "catalog/object_write.h"
#include "cli/query_run.h"
#include "download/format.h"

namespace eider {
namespace {

constexpr std::string_view kS3 = "s3://";

// One object, and what must hold of its key when it appears.
struct ObjectTarget {
  ObjectStore* store = nullptr;
  std::unique_ptr<ObjectStore> own;  // of another bucket than the lake's
  std::string key;
  PutCondition condition;
};

// "s3://bucket/key" replaces what is there, as -o does with a file.
Result<ObjectTarget> OpenBucket(const std::string& url, const StoreOptions& options) {
  const auto slash = url.find('/', kS3.size());
  if (slash == std::string::npos || slash + 1 == url.size() || url.ends_with('/')) {
    return Invalid(fmt::format("'{}' names no object: s3://BUCKET/KEY", url), "-o");
  }
  ObjectTarget target;
  auto store = OpenStore(url.substr(0, slash), options);
  if (!store) return store.error();
  target.own = *std::move(store);
  target.store = target.own.get();
  target.key = url.substr(slash + 1);
  return target;
}

Result<ObjectTarget> OpenInLake(const QueryOptions& options, ObjectStore& lake, const Call& call) {
  ObjectTarget target;
  target.store = &lake;
  target.key = options.into;
  auto condition = ReplaceAsItIs(target.key, lake, call);
  if (!condition) return condition.error();
  target.condition = *std::move(condition);
  if (!target.condition.if_absent && !options.replace) {
    return Invalid(fmt::format("'{}' exists already: replace it with --replace", target.key), "--into");
  }
  return target;
}

Result<WriteSummary> Write(const Lake& lake, const LakeOptions& lake_options, const QueryOptions& options,
                           const QueryRequest& request, const Call& call) {
  auto query = MakeQuery(request, *lake.catalog, *lake.database, call);
  if (!query) return query.error();
  Statement& statement = query->statement;
  statement.limits.time = std::chrono::seconds(lake_options.time_limit_seconds);
  if (options.into.ends_with('/')) {
    const WriteMode mode = options.replace  ? WriteMode::kReplace
                           : options.append ? WriteMode::kAppend
                                            : WriteMode::kCreate;
    return WriteDataset({options.into, options.partition_by, mode}, statement, *lake.store, *lake.database, call);
  }
  const auto target =
      options.into.empty() ? OpenBucket(options.output, lake_options.store) : OpenInLake(options, *lake.store, call);
  if (!target) return target.error();
  return WriteObject(target->key, target->condition, statement, *target->store, *lake.database, call);
}

}  // namespace

Result<bool> WritesObjects(const QueryOptions& options) {
  const bool dataset = options.into.ends_with('/');
  if (!options.into.empty() && !options.output.empty()) return Invalid("give -o or --into, not both", "--into");
  if (options.into.empty() && (options.replace || options.append)) {
    return Invalid("--replace and --append say what becomes of the --into that is there", "--into");
  }
  if (options.replace && options.append) return Invalid("give --replace or --append, not both", "--append");
  if (!dataset && (options.append || !options.partition_by.empty())) {
    return Invalid("--append and --partition-by are for a dataset: --into NAME/, with a slash at its end", "--into");
  }
  const bool writes = !options.into.empty() || options.output.starts_with(kS3);
  if (writes && options.format == "table") {
    return Invalid("a table is for reading: write parquet, csv or another format", "--format");
  }
  if (dataset && !options.format.empty() && options.format != "parquet") {
    return Invalid("a dataset is written as Parquet", "--format");
  }
  return writes;
}

std::optional<Format> FormatOfTarget(const QueryOptions& options) {
  const std::string& name = options.into.empty() ? options.output : options.into;
  if (name.ends_with('/')) return Format::kParquet;
  const auto dot = name.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const auto format = FormatByExtension(ToLower(name.substr(dot + 1)));
  return format == Format::kGeoJson ? std::nullopt : format;
}

int WriteResult(const Lake& lake, const LakeOptions& lake_options, const QueryOptions& options,
                const QueryRequest& request, std::stop_token stop) {
  const SteadyTime begun = SystemSteadyClock()();
  const auto written = Write(lake, lake_options, options, request, {std::move(stop)});
  if (!written) return Complain(written.error());
  fmt::print(stderr, "{} rows, {} in {} object{}\n", written->run.rows, HumanBytes(written->bytes), written->objects,
             written->objects == 1 ? "" : "s");
  if (options.stats) PrintStats(lake, SystemSteadyClock()() - begun, written->run);
  return 0;
}

}  // namespace eider
