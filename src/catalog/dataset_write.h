// Writing a dataset: a query's rows as Parquet objects in "NAME/", which count from the moment that the manifest lists
// them. All or nothing: of two writers at once one wins and the other is told; a write that fails or dies leaves the
// dataset as it was, and at worst objects that nothing lists (`FindLeftovers`).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/database.h"
#include "object/object_store.h"

namespace eider {

struct Manifest;

enum class WriteMode : std::uint8_t {
  kCreate,             // kConflict when the dataset exists
  kReplace,            // its objects are listed no more
  kAppend,             // the rows are added; columns and partitions must be the same
  kReplacePartitions,  // as kAppend, but what lies in the partitions that the rows come into is listed no more
};

struct DatasetWrite {
  std::string folder;  // "NAME/"
  std::vector<std::string> partition_by;
  WriteMode mode = WriteMode::kCreate;
  // The statement reads the dataset as a whole, and what it makes of it counts only while that is still so; else
  // kConflict.
  bool reads_itself = false;
  // A query without rows makes a dataset without rows; of a partitioned one there would be nothing to keep columns in.
  bool allow_empty = false;
  // Asked before each commit, with the manifest that would be put; an error of it is the write's, and nothing of it
  // counts.
  std::function<Status(const Manifest& next)> accept = {};
};

struct WriteSummary {
  RunSummary run;
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

// Blocks until the dataset is committed or the write has failed and cleaned up after itself. kInvalid for a query
// without rows unless that is allowed, for a folder whose data Eider did not write, and for an append that does not
// fit. A requested stop answers kCancelled.
Result<WriteSummary> WriteDataset(const DatasetWrite& write, const Statement& statement, ObjectStore& store,
                                  Database& database, const Call& call = {});

// "NAME/", or "a/NAME/": kInvalid for what no dataset's folder can be called.
Status CheckDatasetFolder(const std::string& folder);

}  // namespace eider
