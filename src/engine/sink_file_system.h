// "sink://" as a COPY target: what DuckDB's writers write arrives, in order, at the running statement's Sink.
// The handle claims to be a regular file that cannot seek: declared as a pipe, the xlsx writer asks a file system of
// DuckDB's for its position and throws in a destructor, which ends the process.
#pragma once

#include "duckdb.hpp"
#include "duckdb/common/file_system.hpp"

namespace eider {

class SinkFileSystem final : public duckdb::FileSystem {
 public:
  static constexpr const char* kScheme = "sink://";

  std::string GetName() const override { return "EiderSink"; }
  bool CanHandleFile(const std::string& path) override { return path.starts_with(kScheme); }
  bool CanSeek() override { return false; }
  bool IsManuallySet() override { return true; }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(const std::string& path, duckdb::FileOpenFlags flags,
                                                  duckdb::optional_ptr<duckdb::FileOpener> opener) override;
  int64_t Write(duckdb::FileHandle& handle, void* buffer, int64_t size) override;
  void Write(duckdb::FileHandle& handle, void* buffer, int64_t size, duckdb::idx_t offset) override;
  int64_t GetFileSize(duckdb::FileHandle& handle) override;
  duckdb::idx_t SeekPosition(duckdb::FileHandle& handle) override;
  duckdb::FileType GetFileType(duckdb::FileHandle&) override { return duckdb::FileType::FILE_TYPE_REGULAR; }
  bool FileExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override { return false; }
  bool DirectoryExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override { return true; }
  bool IsPipe(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override { return false; }
  void RemoveFile(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {}
  bool TryRemoveFile(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override { return false; }
  void FileSync(duckdb::FileHandle&) override {}
  bool OnDiskFile(duckdb::FileHandle&) override { return false; }
};

}  // namespace eider
