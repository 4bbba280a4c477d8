// The objects of a scan as DuckDB's threads take them, one after another: each is handed out once it is planned, so
// that opening it waits for nothing. Whoever waits does so in the list, under the scan's lock, and the other threads
// sleep. In DuckDB's own waiting for an object that another thread opens a thread may wait for an earlier one's mutex,
// which is free, and spins for as long as the opening takes: a network's round trip. DuckDB scans one object at a time,
// so nothing that could be scanned waits.
#pragma once

#include <functional>
#include <string>

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_list.hpp"

namespace eider {

// Any thread.
class PlannedFiles final : public duckdb::SimpleMultiFileList {
 public:
  // Returns when the object of that key is planned, or never will be.
  using Need = std::function<void(const std::string& key)>;
  PlannedFiles(const duckdb::MultiFileList& files, Need need);

  duckdb::vector<duckdb::OpenFileInfo> GetDisplayFileList(duckdb::optional_idx max_files) const override;

 protected:
  bool FileIsAvailable(duckdb::idx_t i) const override;
  duckdb::OpenFileInfo GetFile(duckdb::idx_t i) const override;

 private:
  const Need need_;
};

}  // namespace eider
