// What extensions of DuckDB may open: objects of a lake below the keys of attached catalogs, by the names that their
// metadata uses (/srv/lake/KEY, file:///srv/lake/KEY, s3://bucket/prefix/KEY). Read through the object store, each open
// pinned to the ETag that the object then had. Nothing can be written. A statement reaches what its own catalogs are
// made of: whoever writes one catalog's metadata reads no other's files with it. Thread-safe.
//
// Two parts: StoreFileSystem, a subsystem for the paths of the lake, and ClosedFileSystem, the default, which refuses
// every other path but those of the instance's own folders.
#pragma once

#include <functional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/common/local_file_system.hpp"
#include "engine/attached_catalog.h"

namespace eider {

class StatementState;

// The absolute path or address that the keys of a store are appended to; ends in '/'.
std::string RootOf(const ObjectStore& store);

class StoreFileSystem final : public duckdb::FileSystem {
 public:
  // Opens what the catalog is made of (KeysOf) to statements that name it, and to DuckDB where no statement runs, as
  // when it attaches. Its store must outlive the file system.
  void Allow(const AttachedCatalog& catalog);

  std::string GetName() const override { return "EiderStore"; }
  bool CanHandleFile(const std::string& path) override;
  bool CanSeek() override { return true; }
  bool IsManuallySet() override { return true; }
  std::string PathSeparator(const std::string&) override { return "/"; }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(const std::string& path, duckdb::FileOpenFlags flags,
                                                  duckdb::optional_ptr<duckdb::FileOpener> opener) override;
  duckdb::vector<duckdb::OpenFileInfo> Glob(const std::string& path, duckdb::FileOpener* opener) override;
  bool FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) override;
  bool DirectoryExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) override;
  bool IsPipe(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override { return false; }

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

 private:
  struct Place {
    std::string root;
    ObjectStore* store;
    std::string key;      // or a prefix that ends in '/'
    std::string catalog;  // whose it is; in lower case
  };
  struct Found {
    ObjectStore* store = nullptr;
    std::string key;
  };

  Found Find(const std::string& path, const StatementState* state);  // no store: not allowed

  std::shared_mutex mutex_;
  std::vector<Place> places_;
};

class ClosedFileSystem final : public duckdb::LocalFileSystem {
 public:
  // Folders that are the instance's own: where it spills, and where its extensions lie.
  explicit ClosedFileSystem(std::vector<std::string> folders) : folders_(std::move(folders)) {}

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(const std::string& path, duckdb::FileOpenFlags flags,
                                                  duckdb::optional_ptr<duckdb::FileOpener> opener) override;
  duckdb::vector<duckdb::OpenFileInfo> Glob(const std::string&, duckdb::FileOpener*) override { return {}; }
  bool FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) override;
  bool DirectoryExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) override;

 protected:
  bool SupportsGlobExtended() const override { return false; }
  bool ListFilesExtended(const std::string& path, const std::function<void(duckdb::OpenFileInfo& info)>& callback,
                         duckdb::optional_ptr<duckdb::FileOpener> opener) override;

 private:
  bool Owns(const std::string& path) const;

  const std::vector<std::string> folders_;
};

}  // namespace eider
