#include "engine/lake_file_system.h"

#include <algorithm>
#include <cstring>

#include "engine/read_planner.h"
#include "engine/statement_state.h"

namespace eider {
namespace {

class LakeFileHandle final : public duckdb::FileHandle {
 public:
  LakeFileHandle(duckdb::FileSystem& system, const std::string& name, duckdb::FileOpenFlags how, StatementState& owner,
                 const ObjectInfo& pinned, std::unique_ptr<ObjectReader> opened, bool plans)
      : FileHandle(system, name, how),
        state(owner),
        snapshot(owner.snapshot),
        object(pinned),
        reader(std::move(opened)),
        planning(plans) {}
  void Close() override {}

  StatementState& state;
  std::shared_ptr<const Snapshot> snapshot;  // keeps `object` and what `reader` uses
  const ObjectInfo& object;
  std::unique_ptr<ObjectReader> reader;
  const bool planning;
  std::uint64_t position = 0;
};

std::string KeyOf(const std::string& path) { return path.substr(std::strlen(LakeFileSystem::kScheme)); }

const ObjectInfo* Pinned(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  const auto& snapshot = StatementState::Of(opener).snapshot;
  return snapshot ? snapshot->Find(KeyOf(path)) : nullptr;
}

LakeFileHandle& Lake(duckdb::FileHandle& handle) { return handle.Cast<LakeFileHandle>(); }

}  // namespace

bool LakeFileSystem::CanHandleFile(const std::string& path) { return path.starts_with(kScheme); }

duckdb::unique_ptr<duckdb::FileHandle> LakeFileSystem::OpenFileExtended(
    const duckdb::OpenFileInfo& file, duckdb::FileOpenFlags flags, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  StatementState& state = StatementState::Of(opener);
  if (flags.OpenForWriting()) throw duckdb::PermissionException("the lake is read-only here: '%s'", file.path);
  const ObjectInfo* object = Pinned(file.path, opener);
  if (object == nullptr) {
    if (flags.ReturnNullIfNotExists()) return nullptr;
    state.Fail(NotFound("no object '" + KeyOf(file.path) + "' in this statement's datasets"));
  }
  const bool planning = file.extended_info && file.extended_info->options.contains(kPlanning);
  // The planner's own thread may be here before `planner` is set, and must not look at it.
  if (!planning && state.planner) state.planner->Need(object->key);
  auto reader = state.reads ? state.reads->Open(object->key) : state.snapshot->Open(object->key, &state.counters);
  if (!reader) state.Fail(reader.error());
  return duckdb::make_uniq<LakeFileHandle>(*this, file.path, flags, state, *object, *std::move(reader), planning);
}

duckdb::vector<duckdb::OpenFileInfo> LakeFileSystem::Glob(const std::string& path, duckdb::FileOpener* opener) {
  duckdb::vector<duckdb::OpenFileInfo> found;
  // A statement names every object; a key may itself hold '*' or '[', so nothing is a pattern here.
  if (Pinned(path, opener) != nullptr) found.emplace_back(path);
  return found;
}

bool LakeFileSystem::FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener> opener) {
  return Pinned(path, opener) != nullptr;
}

void LakeFileSystem::Read(duckdb::FileHandle& handle, void* buffer, int64_t size, duckdb::idx_t offset) {
  LakeFileHandle& lake = Lake(handle);
  const std::span<char> out(static_cast<char*>(buffer), static_cast<std::size_t>(size));
  const auto status = lake.reader->Read(offset, out, lake.state.call);
  if (status) return;
  // The planner may fail where the scan does not; and where it does, the scan says why.
  if (lake.planning) throw duckdb::IOException("%s", status.error().message);
  lake.state.Fail(status.error());
}

int64_t LakeFileSystem::Read(duckdb::FileHandle& handle, void* buffer, int64_t size) {
  LakeFileHandle& lake = Lake(handle);
  const std::uint64_t left = lake.object.size_bytes - std::min(lake.position, lake.object.size_bytes);
  const auto wanted = static_cast<int64_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(size)));
  if (wanted > 0) Read(handle, buffer, wanted, lake.position);
  lake.position += static_cast<std::uint64_t>(wanted);
  return wanted;
}

int64_t LakeFileSystem::GetFileSize(duckdb::FileHandle& handle) {
  return static_cast<int64_t>(Lake(handle).object.size_bytes);
}

duckdb::timestamp_t LakeFileSystem::GetLastModifiedTime(duckdb::FileHandle& handle) {
  return duckdb::Timestamp::FromEpochMs(Lake(handle).object.last_modified.time_since_epoch().count());
}

std::string LakeFileSystem::GetVersionTag(duckdb::FileHandle& handle) { return Lake(handle).object.etag; }

void LakeFileSystem::Seek(duckdb::FileHandle& handle, duckdb::idx_t offset) { Lake(handle).position = offset; }

duckdb::idx_t LakeFileSystem::SeekPosition(duckdb::FileHandle& handle) { return Lake(handle).position; }

// DuckDB fetches ahead what is not "on disk", a whole row group at once into memory of its own. Here Eider does so,
// better informed; only a footer is worth reading in one piece.
bool LakeFileSystem::OnDiskFile(duckdb::FileHandle& handle) { return !Lake(handle).planning; }

}  // namespace eider
