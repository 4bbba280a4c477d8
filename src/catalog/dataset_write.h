// Writing a dataset: a query's rows as Parquet objects in "NAME/", which count from the moment that the manifest lists
// them. All or nothing: of two writers at once one wins and the other is told; a write that fails or dies leaves the
// dataset as it was, and at worst objects that nothing lists (`FindLeftovers`).
#pragma once

#include <string>
#include <vector>

#include "engine/database.h"
#include "object/object_store.h"

namespace eider {

enum class WriteMode : std::uint8_t {
  kCreate,   // kConflict when the dataset exists
  kReplace,  // its objects are listed no more
  kAppend,   // the rows are added; columns and partitions must be the same
};

struct DatasetWrite {
  std::string folder;  // "NAME/"
  std::vector<std::string> partition_by;
  WriteMode mode = WriteMode::kCreate;
};

struct WriteSummary {
  RunSummary run;
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

// Blocks until the dataset is committed or the write has failed and cleaned up after itself. kInvalid for a query
// without rows, for a folder whose data Eider did not write, and for an append that does not fit. A requested stop
// answers kCancelled.
Result<WriteSummary> WriteDataset(const DatasetWrite& write, const Statement& statement, ObjectStore& store,
                                  Database& database, const Call& call = {});

// "NAME/", or "a/NAME/": kInvalid for what no dataset's folder can be called.
Status CheckDatasetFolder(const std::string& folder);

}  // namespace eider
