#include "object/local_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <vector>

#include "object/local_files.h"
#include "object/local_list.h"
#include "object/local_upload.h"
#include "object/ranges.h"

namespace eider {
namespace {

// Large enough that system calls cost nothing against the copy, small enough to stay in the second-level cache.
constexpr std::size_t kPieceBytes = 256 * 1024;

Error Changed(const std::string& key) {
  return {ErrorKind::kConflict, fmt::format("'{}' was changed while it was read. Read it again.", key), {}};
}

class LocalStore : public ObjectStore {
 public:
  explicit LocalStore(LocalFolder folder) : folder_(std::move(folder)) {}

  std::string name() const override { return folder_.name(); }
  bool remote() const override { return false; }

  Result<ListPage> List(const ListRequest& request, const Call& call) override {
    if (auto valid = CheckListRequest(request); !valid.ok()) return valid.error();
    if (folder_.Gone()) {
      return Error{
          ErrorKind::kUnavailable, "the folder '" + folder_.name() + "' was removed or unmounted; start again", {}};
    }
    return ListLocal(folder_, request, call);
  }

  Result<ObjectInfo> Head(const std::string& key, const Call& call) override {
    if (auto bounds = CheckCall(call, "read '" + key + "'"); !bounds.ok()) return bounds.error();
    auto found = FindObject(key);
    if (!found.ok()) return found.error();
    return LocalInfo(key, found->status);
  }

  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) override {
    auto found = FindObject(request.key);
    if (!found.ok()) return found.error();
    auto file = folder_.OpenToRead(*found, request.key);
    if (!file.ok()) return file.error();
    struct stat status {};
    if (fstat(file->get(), &status) != 0) return LocalError(errno, "read", request.key);
    ObjectInfo info = LocalInfo(request.key, status);
    if (auto met = CheckGetConditions(request, info.etag); !met.ok()) return met.error();
    const auto extent = ResolveRange(request.range, info.size_bytes, request.key);
    if (!extent.ok()) return extent.error();
    if (auto read = ReadExtent(*file, request.key, *extent, consume, call); !read.ok()) return read.error();
    // A rename over the key is harmless, the descriptor keeps the old bytes; a write in place is not.
    struct stat after {};
    if (fstat(file->get(), &after) != 0 || LocalETag(after) != info.etag) return Changed(request.key);
    return info;
  }

  Result<ObjectInfo> Put(const std::string& key, std::span<const char> bytes, const PutCondition& condition,
                         const Call& call) override {
    auto upload = StartUpload(key, condition, call);
    if (!upload.ok()) return upload.error();
    if (auto written = (*upload)->Write(bytes); !written.ok()) return written.error();
    return (*upload)->Commit();
  }

  Result<std::unique_ptr<Upload>> StartUpload(const std::string& key, const PutCondition& condition,
                                              const Call& call) override {
    if (auto valid = CheckWritable(key); !valid.ok()) return valid.error();
    if (auto bounds = CheckCall(call, "write '" + key + "'"); !bounds.ok()) return bounds.error();
    std::call_once(swept_, [this] { SweepLocalUploads(folder_); });
    return StartLocalUpload(folder_, key, condition, call);
  }

  Result<ObjectInfo> Copy(const std::string& from, const std::string& to, const Call& call) override {
    return CopyThrough(*this, from, to, call);
  }

  Status Delete(const std::string& key, const Call& call) override {
    if (auto valid = CheckWritable(key); !valid.ok()) return valid;
    if (auto bounds = CheckCall(call, "delete '" + key + "'"); !bounds.ok()) return bounds;
    return DeleteLocal(folder_, key);
  }

  Result<std::vector<UnfinishedUpload>> ListUploads(const Call&) override { return ListLocalUploads(folder_); }

  Status AbortUpload(const UnfinishedUpload& upload, const Call&) override {
    AbortLocalUpload(folder_, upload.id);
    return {};
  }

  std::optional<std::string> LocalPath(const std::string& key) const override {
    auto found = FindObject(key);
    if (!found.ok()) return std::nullopt;
    return std::move(found->path);
  }

 private:
  // kInvalid for keys that a folder cannot hold or that are Eider's own.
  static Status CheckWritable(const std::string& key) {
    if (auto valid = CheckKey(key); !valid.ok()) return valid;
    if (IsPrivate(key)) return Invalid(fmt::format("'{}': '{}/' is Eider's own.", key, kPrivateFolder), "key");
    if (key.ends_with('/') || key.find("//") != std::string::npos) {
      return Invalid(fmt::format("'{}': a local folder cannot hold a key with an empty segment.", key), "key");
    }
    return {};
  }

  static bool IsPrivate(const std::string& key) {
    return key.starts_with(kPrivateFolder) &&
           (key.size() == kPrivateFolder.size() || key[kPrivateFolder.size()] == '/');
  }

  Result<FoundFile> FindObject(const std::string& key) const {
    if (auto valid = CheckKey(key); !valid.ok()) return valid.error();
    // The file system would read "a//b" as "a/b": two names for one object.
    if (!CheckWritable(key).ok()) return NotFound(fmt::format("'{}' does not exist.", key));
    auto found = folder_.Find(key);
    if (found.ok() && !found->regular()) return NotFound(fmt::format("'{}' does not exist.", key));
    return found;
  }

  static Status ReadExtent(const FileDescriptor& file, const std::string& key, Extent extent,
                           const ByteConsumer& consume, const Call& call) {
    std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, extent.length)));
    while (extent.length > 0) {
      if (auto bounds = CheckCall(call, "read '" + key + "'"); !bounds.ok()) return bounds;
      const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), extent.length));
      const ssize_t got = pread(file.get(), piece.data(), wanted, static_cast<off_t>(extent.offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return LocalError(errno, "read", key);
      if (got == 0) return Changed(key);  // cut shorter since it was opened
      if (!consume({piece.data(), static_cast<std::size_t>(got)})) return StoppedByConsumer(key);
      extent.offset += static_cast<std::uint64_t>(got);
      extent.length -= static_cast<std::uint64_t>(got);
    }
    return {};
  }

  const LocalFolder folder_;
  std::once_flag swept_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenLocalStore(const std::string& path) {
  auto folder = LocalFolder::Open(path);
  if (!folder.ok()) return folder.error();
  return std::unique_ptr<ObjectStore>(std::make_unique<LocalStore>(*std::move(folder)));
}

}  // namespace eider
