#include "engine/planned_files.h"

#include <algorithm>
#include <cstring>

#include "engine/lake_file_system.h"

namespace eider {

PlannedFiles::PlannedFiles(const duckdb::MultiFileList& files, Need need)
    : SimpleMultiFileList(files.GetAllFiles()), need_(std::move(need)) {}

// Only names are wanted, and estimates: neither is worth a wait.
duckdb::vector<duckdb::OpenFileInfo> PlannedFiles::GetDisplayFileList(duckdb::optional_idx max_files) const {
  const auto shown = max_files.IsValid() ? std::min<std::size_t>(max_files.GetIndex(), paths.size()) : paths.size();
  return {paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(shown)};
}

bool PlannedFiles::FileIsAvailable(duckdb::idx_t) const { return false; }

duckdb::OpenFileInfo PlannedFiles::GetFile(duckdb::idx_t i) const {
  if (i < paths.size() && paths[i].path.starts_with(LakeFileSystem::kScheme)) {
    need_(paths[i].path.substr(std::strlen(LakeFileSystem::kScheme)));
  }
  return SimpleMultiFileList::GetFile(i);
}

}  // namespace eider
