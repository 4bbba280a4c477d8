// PartFiles: where a statement's rows go when they become many Parquet files, one or more for each of the values of its
// partition columns. Called by one thread; after an error it is not called again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/sink.h"

namespace eider {

struct Column;

class PartFiles {
 public:
  virtual ~PartFiles() = default;

  // Before the query runs: the columns as they will be written, those that become folders among them.
  virtual Status Begin(const std::vector<Column>& columns) = 0;

  // A new file in the folder "a=1/b=x%2Fy/", "" without partition columns. The files of one folder come one after
  // another, and the one before was closed; one that is destroyed without Close is none.
  virtual Result<std::unique_ptr<Sink>> Open(const std::string& folder) = 0;
};

}  // namespace eider
