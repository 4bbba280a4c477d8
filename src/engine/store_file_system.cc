#include "engine/store_file_system.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/text.h"
#include "duckdb/common/file_opener.hpp"
#include "engine/attach_sql.h"
#include "engine/statement_state.h"
#include "lake/snapshot.h"

namespace eider {
namespace {

// Of the statement that opens it; null for what DuckDB does by itself, as when it attaches a file.
StatementState* StateOf(duckdb::optional_ptr<duckdb::FileOpener> opener) {
  const auto context = duckdb::FileOpener::TryGetClientContext(opener);
  if (!context) return nullptr;
  return context->registered_state->Get<StatementState>(StatementState::kName).get();
}

// Keeps what went wrong for the statement's answer, and throws it.
[[noreturn]] void Fail(StatementState* state, const Error& error) {
  if (state != nullptr) state->Fail(error);
  throw duckdb::IOException("%s", error.message);
}

// Of a file that may stay open between statements, so it holds no part of one.
class StoreFileHandle final : public duckdb::FileHandle {
 public:
  StoreFileHandle(duckdb::FileSystem& system, const std::string& name, duckdb::FileOpenFlags how, ObjectInfo pinned,
                  ObjectStore& store)
      : FileHandle(system, name, how), snapshot({pinned}, &store), object(std::move(pinned)) {}
  void Close() override {}

  const Snapshot snapshot;
  const ObjectInfo object;
  std::unique_ptr<ObjectReader> reader;
  std::uint64_t position = 0;
};

StoreFileHandle& Store(duckdb::FileHandle& handle) { return handle.Cast<StoreFileHandle>(); }

std::string WithoutScheme(const std::string& path) {
  constexpr std::string_view kFile = "file://";
  return path.starts_with(kFile) ? path.substr(kFile.size()) : path;
}

Call CallOf(duckdb::optional_ptr<duckdb::FileOpener> opener) {
  const StatementState* state = StateOf(opener);
  return state == nullptr ? Call() : state->call;
}

}  // namespace

std::string RootOf(const ObjectStore& store) {
  std::string root = store.name();
  if (const auto path = store.LocalPath("x")) root = std::filesystem::absolute(*path).lexically_normal().parent_path();
  if (!root.ends_with('/')) root += '/';
  return root;
}

void StoreFileSystem::Allow(const AttachedCatalog& catalog) {
  const std::string name = ToLower(catalog.name);
  const std::unique_lock lock(mutex_);
  for (const std::string& key : KeysOf(catalog)) {
    Place place{RootOf(*catalog.store), catalog.store, key, name};
    const bool known = std::any_of(places_.begin(), places_.end(), [&](const Place& other) {
      return other.store == place.store && other.key == place.key && other.catalog == place.catalog;
    });
    if (!known) places_.push_back(std::move(place));
  }
}

StoreFileSystem::Found StoreFileSystem::Find(const std::string& path, const StatementState* state) {
  const std::string plain = WithoutScheme(path);
  const std::shared_lock lock(mutex_);
  for (const Place& place : places_) {
    if (state != nullptr && !state->catalogs.contains(place.catalog)) continue;
    if (!plain.starts_with(place.root)) continue;
    std::string key = plain.substr(place.root.size());
    if (key.ends_with('/')) key.pop_back();
    const bool below = place.key.ends_with('/') && (key + '/').starts_with(place.key);
    if ((below || key == place.key) && CheckKey(key)) return {place.store, std::move(key)};
  }
  return {};
}

bool StoreFileSystem::CanHandleFile(const std::string& path) { return Find(path, nullptr).store != nullptr; }

duckdb::unique_ptr<duckdb::FileHandle> StoreFileSystem::OpenFile(const std::string& path, duckdb::FileOpenFlags flags,
                                                                 duckdb::optional_ptr<duckdb::FileOpener> opener) {
  StatementState* state = StateOf(opener);
  if (flags.OpenForWriting()) throw duckdb::PermissionException("attached catalogs are only read: '%s'", path);
  const Found found = Find(path, state);
  if (found.store == nullptr) {
    if (flags.ReturnNullIfNotExists()) return nullptr;
    throw duckdb::PermissionException("'%s' belongs to no catalog that the statement names", path);
  }
  auto info = found.store->Head(found.key, CallOf(opener));
  if (!info && info.error().kind == ErrorKind::kNotFound && flags.ReturnNullIfNotExists()) return nullptr;
  if (!info) Fail(state, info.error());
  auto handle = duckdb::make_uniq<StoreFileHandle>(*this, path, flags, *std::move(info), *found.store);
  auto reader = handle->snapshot.Open(found.key);
  if (!reader) Fail(state, reader.error());
  handle->reader = *std::move(reader);
  return handle;
}

duckdb::vector<duckdb::OpenFileInfo> StoreFileSystem::Glob(const std::string& path, duckdb::FileOpener* opener) {
  duckdb::vector<duckdb::OpenFileInfo> found;
  // Metadata names every file; a name may itself hold '*' or '[', so nothing is a pattern here.
  if (FileExists(path, opener)) found.emplace_back(path);
  return found;
}

bool StoreFileSystem::FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  const Found found = Find(path, StateOf(opener));
  if (found.store == nullptr) return false;
  const auto info = found.store->Head(found.key, CallOf(opener));
  if (!info && info.error().kind != ErrorKind::kNotFound) Fail(StateOf(opener), info.error());
  return info.ok();
}

bool StoreFileSystem::DirectoryExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  const Found found = Find(path, StateOf(opener));
  if (found.store == nullptr) return false;
  ListRequest request;
  request.prefix = found.key + '/';
  request.max_keys = 1;
  const auto page = found.store->List(request, CallOf(opener));
  if (!page) Fail(StateOf(opener), page.error());
  return !page->objects.empty();
}

void StoreFileSystem::Read(duckdb::FileHandle& handle, void* buffer, int64_t size, duckdb::idx_t offset) {
  const std::span<char> out(static_cast<char*>(buffer), static_cast<std::size_t>(size));
  const auto status = Store(handle).reader->Read(offset, out, Call());
  if (!status) throw duckdb::IOException("%s", status.error().message);
}

int64_t StoreFileSystem::Read(duckdb::FileHandle& handle, void* buffer, int64_t size) {
  StoreFileHandle& file = Store(handle);
  const std::uint64_t left = file.object.size_bytes - std::min(file.position, file.object.size_bytes);
  const auto wanted = static_cast<int64_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(size)));
  if (wanted > 0) Read(handle, buffer, wanted, file.position);
  file.position += static_cast<std::uint64_t>(wanted);
  return wanted;
}

int64_t StoreFileSystem::GetFileSize(duckdb::FileHandle& handle) {
  return static_cast<int64_t>(Store(handle).object.size_bytes);
}

duckdb::timestamp_t StoreFileSystem::GetLastModifiedTime(duckdb::FileHandle& handle) {
  return duckdb::Timestamp::FromEpochMs(Store(handle).object.last_modified.time_since_epoch().count());
}

std::string StoreFileSystem::GetVersionTag(duckdb::FileHandle& handle) { return Store(handle).object.etag; }
void StoreFileSystem::Seek(duckdb::FileHandle& handle, duckdb::idx_t offset) { Store(handle).position = offset; }
duckdb::idx_t StoreFileSystem::SeekPosition(duckdb::FileHandle& handle) { return Store(handle).position; }

// Nobody plans these reads: on a remote lake DuckDB's own prefetch is better than none.
bool StoreFileSystem::OnDiskFile(duckdb::FileHandle& handle) { return !Store(handle).snapshot.remote(); }

bool ClosedFileSystem::Owns(const std::string& path) const {
  const std::string plain = std::filesystem::path(path).lexically_normal();
  return std::any_of(folders_.begin(), folders_.end(), [&](const std::string& folder) {
    return !folder.empty() && plain.starts_with(folder) &&
           (plain.size() == folder.size() || plain[folder.size()] == '/');
  });
}

duckdb::unique_ptr<duckdb::FileHandle> ClosedFileSystem::OpenFile(const std::string& path, duckdb::FileOpenFlags flags,
                                                                  duckdb::optional_ptr<duckdb::FileOpener> opener) {
  if (Owns(path)) return LocalFileSystem::OpenFile(path, flags, opener);
  if (flags.ReturnNullIfNotExists()) return nullptr;
  throw duckdb::PermissionException(
      "'%s' lies outside what the catalogs of eider.yaml name: their 'path' and 'data_path', in the lake", path);
}

bool ClosedFileSystem::ListFilesExtended(const std::string& path,
                                         const std::function<void(duckdb::OpenFileInfo& info)>& callback,
                                         duckdb::optional_ptr<duckdb::FileOpener> opener) {
  return Owns(path) && LocalFileSystem::ListFilesExtended(path, callback, opener);
}

bool ClosedFileSystem::FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  return Owns(path) && LocalFileSystem::FileExists(path, opener);
}

bool ClosedFileSystem::DirectoryExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  return Owns(path) && LocalFileSystem::DirectoryExists(path, opener);
}

}  // namespace eider
