// DuckDB's view of a lake: "lake://KEY" for the objects pinned in the running statement's snapshot, nothing else.
// No listing and no HEAD: the snapshot already knows sizes and ETags.
#pragma once

#include "duckdb.hpp"
#include "duckdb/common/file_system.hpp"

namespace eider {

class LakeFileSystem final : public duckdb::FileSystem {
 public:
  static constexpr const char* kScheme = "lake://";
  // An option of OpenFileInfo: opened to plan the statement's reads, not to scan.
  static constexpr const char* kPlanning = "eider_planning";

  std::string GetName() const override { return "EiderLake"; }
  bool CanHandleFile(const std::string& path) override;
  bool CanSeek() override { return true; }
  bool IsManuallySet() override { return true; }
  std::string PathSeparator(const std::string&) override { return "/"; }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFileExtended(const duckdb::OpenFileInfo& file, duckdb::FileOpenFlags flags,
                                                          duckdb::optional_ptr<duckdb::FileOpener> opener) override;
  bool SupportsOpenFileExtended() const override { return true; }
  duckdb::vector<duckdb::OpenFileInfo> Glob(const std::string& path, duckdb::FileOpener* opener) override;
  bool FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) override;

  void Read(duckdb::FileHandle& handle, void* buffer, int64_t size, duckdb::idx_t offset) override;
  int64_t Read(duckdb::FileHandle& handle, void* buffer, int64_t size) override;
  int64_t GetFileSize(duckdb::FileHandle& handle) override;
  duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle& handle) override;
  std::string GetVersionTag(duckdb::FileHandle& handle) override;
  duckdb::FileType GetFileType(duckdb::FileHandle&) override { return duckdb::FileType::FILE_TYPE_REGULAR; }
  void Seek(duckdb::FileHandle& handle, duckdb::idx_t offset) override;
  void Reset(duckdb::FileHandle& handle) override { Seek(handle, 0); }
  duckdb::idx_t SeekPosition(duckdb::FileHandle& handle) override;
  bool OnDiskFile(duckdb::FileHandle& handle) override;
};

}  // namespace eider
