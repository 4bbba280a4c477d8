#include "engine/sink_file_system.h"

#include "engine/statement_state.h"

namespace eider {
namespace {

class SinkFileHandle final : public duckdb::FileHandle {
 public:
  SinkFileHandle(duckdb::FileSystem& system, const std::string& name, duckdb::FileOpenFlags how, StatementState& owner)
      : FileHandle(system, name, how), state(owner) {}
  void Close() override {}

  StatementState& state;
  std::uint64_t written = 0;
};

SinkFileHandle& AsSink(duckdb::FileHandle& handle) { return handle.Cast<SinkFileHandle>(); }

}  // namespace

duckdb::unique_ptr<duckdb::FileHandle> SinkFileSystem::OpenFile(const std::string& path, duckdb::FileOpenFlags flags,
                                                                duckdb::optional_ptr<duckdb::FileOpener> opener) {
  StatementState& state = StatementState::Of(opener);
  if (state.sink == nullptr || !flags.OpenForWriting()) {
    throw duckdb::PermissionException("'%s' is not a place that a statement may name", path);
  }
  return duckdb::make_uniq<SinkFileHandle>(*this, path, flags, state);
}

int64_t SinkFileSystem::Write(duckdb::FileHandle& handle, void* buffer, int64_t size) {
  SinkFileHandle& sink = AsSink(handle);
  StatementState& state = sink.state;
  if (state.first_error()) return size;  // the statement has failed already; a writer's destructor must not throw
  const auto length = static_cast<std::uint64_t>(size);
  const std::span<const char> bytes(static_cast<const char*>(buffer), length);
  if (const auto status = state.sink->Write(bytes); !status) state.Fail(status.error());
  sink.written += length;
  return size;
}

void SinkFileSystem::Write(duckdb::FileHandle& handle, void* buffer, int64_t size, duckdb::idx_t offset) {
  if (offset != AsSink(handle).written) throw duckdb::NotImplementedException("a sink takes bytes in order only");
  Write(handle, buffer, size);
}

int64_t SinkFileSystem::GetFileSize(duckdb::FileHandle& handle) { return static_cast<int64_t>(AsSink(handle).written); }

duckdb::idx_t SinkFileSystem::SeekPosition(duckdb::FileHandle& handle) { return AsSink(handle).written; }

}  // namespace eider
