#include "object/local_upload.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>

#include "object/ranges.h"

namespace eider {
namespace {

constexpr std::string_view kUploads = "uploads";

std::string UploadFolder() { return fmt::format("{}/{}", kPrivateFolder, kUploads); }

struct Destination {
  FoundFile folder;
  std::string name;
};

Result<Destination> MakeDestination(const LocalFolder& root, const std::string& key) {
  const auto slash = key.rfind('/');
  auto folder = root.MakeFolder(slash == std::string::npos ? "" : key.substr(0, slash));
  if (!folder.ok()) return folder.error();
  return Destination{*std::move(folder), slash == std::string::npos ? key : key.substr(slash + 1)};
}

// Held while an object is compared and replaced: what makes a conditional write atomic among Eider's processes and
// threads. (Each holder opens the file anew; flock is between open file descriptions.)
Result<FileDescriptor> LockWrites(const LocalFolder& root) {
  auto folder = root.MakeFolder(std::string(kPrivateFolder));
  if (!folder.ok()) return folder.error();
  FileDescriptor lock(openat(folder->descriptor.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!lock.valid()) return LocalError(errno, "open the lock of", root.name());
  while (flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return LocalError(errno, "lock", root.name());
  }
  return lock;
}

class LocalUpload : public Upload {
 public:
  LocalUpload(const LocalFolder& root, std::string key, PutCondition condition, Call call, FoundFile uploads,
              std::string temporary, FileDescriptor file)
      : root_(root),
        key_(std::move(key)),
        condition_(std::move(condition)),
        call_(std::move(call)),
        uploads_(std::move(uploads)),
        temporary_(std::move(temporary)),
        file_(std::move(file)) {}

  ~LocalUpload() override { Abort(); }

  Status Write(std::span<const char> bytes) override {
    if (!open_) return Internal(fmt::format("A write to '{}' after its upload ended.", key_));
    if (auto bounds = CheckCall(call_, "write '" + key_ + "'"); !bounds.ok()) return bounds;
    while (!bytes.empty()) {
      const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return LocalError(errno, "write", key_);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<ObjectInfo> Commit() override {
    if (!open_) return Internal(fmt::format("'{}' was committed after its upload ended.", key_));
    auto done = Publish();
    Abort();
    return done;
  }

  void Abort() override {
    if (!open_) return;
    open_ = false;
    // After a rename the temporary's name is gone already.
    unlinkat(uploads_.descriptor.get(), temporary_.c_str(), 0);
    file_ = FileDescriptor();
  }

 private:
  Result<ObjectInfo> Publish() {
    if (auto bounds = CheckCall(call_, "write '" + key_ + "'"); !bounds.ok()) return bounds.error();
    // The kernel stamps files with a clock that ticks every few milliseconds; the exact time keeps ETags apart.
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const timespec times[2] = {now, now};
    if (futimens(file_.get(), times) != 0 || fsync(file_.get()) != 0) return LocalError(errno, "write", key_);
    struct stat status {};
    if (fstat(file_.get(), &status) != 0) return LocalError(errno, "write", key_);

    auto destination = MakeDestination(root_, key_);
    if (!destination.ok()) return destination.error();
    if (auto placed = Place(*destination); !placed.ok()) return placed.error();
    FileDescriptor folder(open(destination->folder.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.valid()) fsync(folder.get());
    return LocalInfo(key_, status);
  }

  Status Place(const Destination& destination) {
    const int from = uploads_.descriptor.get();
    const int to = destination.folder.descriptor.get();
    const auto lock = LockWrites(root_);
    if (!lock.ok()) return lock.error();
    if (condition_.if_absent) {
      if (linkat(from, temporary_.c_str(), to, destination.name.c_str(), 0) == 0) return {};
      if (errno != EEXIST) return LocalError(errno, "write", key_);
      return Error{ErrorKind::kConflict, fmt::format("'{}' exists already.", key_), {}};
    }
    if (!condition_.if_match.empty()) {
      struct stat status {};
      if (fstatat(to, destination.name.c_str(), &status, 0) != 0) return LocalError(errno, "open", key_);
      if (LocalETag(status) != condition_.if_match) {
        return Error{ErrorKind::kConflict, fmt::format("'{}' was changed by someone else.", key_), {}};
      }
    }
    if (renameat(from, temporary_.c_str(), to, destination.name.c_str()) != 0) return LocalError(errno, "write", key_);
    return {};
  }

  const LocalFolder& root_;
  const std::string key_;
  const PutCondition condition_;
  const Call call_;
  const FoundFile uploads_;
  const std::string temporary_;
  FileDescriptor file_;
  bool open_ = true;
};

// A new file, locked by this process until it is closed; an unlocked one is a leftover.
Result<FileDescriptor> MakeTemporary(int folder, const std::string& name) {
  FileDescriptor file(openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file.valid()) return LocalError(errno, "write", name);
  struct stat status {};
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0 || fstat(file.get(), &status) != 0 || status.st_nlink == 0) {
    // Another process swept it between the two calls.
    return Error{ErrorKind::kUnavailable, "A temporary file was removed while being made.", {}};
  }
  return file;
}

}  // namespace

Result<std::unique_ptr<Upload>> StartLocalUpload(const LocalFolder& folder, const std::string& key,
                                                 const PutCondition& condition, const Call& call) {
  static std::atomic<std::uint64_t> counter{0};
  auto uploads = folder.MakeFolder(UploadFolder());
  if (!uploads.ok()) return uploads.error();
  for (int attempt = 0;; ++attempt) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::string name = fmt::format("{:x}-{:x}-{:x}{:08x}", getpid(), counter.fetch_add(1), now.tv_sec, now.tv_nsec);
    auto file = MakeTemporary(uploads->descriptor.get(), name);
    if (file.ok()) {
      return std::unique_ptr<Upload>(std::make_unique<LocalUpload>(folder, key, condition, call, *std::move(uploads),
                                                                   std::move(name), *std::move(file)));
    }
    if (attempt == 10) return file.error();
  }
}

Status DeleteLocal(const LocalFolder& folder, const std::string& key) {
  const auto slash = key.rfind('/');
  const auto parent = folder.Find(slash == std::string::npos ? "" : key.substr(0, slash));
  if (!parent.ok()) return parent.error().kind == ErrorKind::kNotFound ? Status() : Status(parent.error());
  const std::string name = slash == std::string::npos ? key : key.substr(slash + 1);
  struct stat status {};
  // A folder is no object: there is nothing to delete under its name.
  if (fstatat(parent->descriptor.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(status.st_mode)) {
    return {};
  }
  const auto lock = LockWrites(folder);
  if (!lock.ok()) return lock.error();
  if (unlinkat(parent->descriptor.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return LocalError(errno, "delete", key);
  }
  return {};
}

namespace {

// The folder of temporaries, opened to read; invalid when there is none.
FileDescriptor OpenUploads(const LocalFolder& folder) {
  const auto uploads = folder.Find(UploadFolder());
  if (!uploads.ok() || !uploads->folder()) return {};
  auto readable = folder.OpenToRead(*uploads, UploadFolder());
  return readable.ok() ? *std::move(readable) : FileDescriptor();
}

// A temporary that no writer holds, locked; invalid otherwise.
FileDescriptor LockLeftover(int uploads, const char* name, struct stat& status) {
  FileDescriptor file(openat(uploads, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return flock(file.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(file) : FileDescriptor();
}

}  // namespace

std::vector<UnfinishedUpload> ListLocalUploads(const LocalFolder& folder) {
  std::vector<UnfinishedUpload> found;
  const FileDescriptor uploads = OpenUploads(folder);
  DIR* entries = uploads.valid() ? fdopendir(dup(uploads.get())) : nullptr;
  if (entries == nullptr) return found;
  while (const dirent* entry = readdir(entries)) {
    struct stat status {};
    if (!LockLeftover(uploads.get(), entry->d_name, status).valid()) continue;
    const ObjectInfo info = LocalInfo(entry->d_name, status);
    found.push_back({{}, info.key, info.size_bytes, info.last_modified});
  }
  closedir(entries);
  return found;
}

void AbortLocalUpload(const LocalFolder& folder, const std::string& id) {
  if (id.empty() || id.find('/') != std::string::npos) return;
  const FileDescriptor uploads = OpenUploads(folder);
  if (!uploads.valid()) return;
  struct stat status {};
  const FileDescriptor file = LockLeftover(uploads.get(), id.c_str(), status);
  if (file.valid()) unlinkat(uploads.get(), id.c_str(), 0);
}

void SweepLocalUploads(const LocalFolder& folder) {
  for (const UnfinishedUpload& upload : ListLocalUploads(folder)) AbortLocalUpload(folder, upload.id);
}

}  // namespace eider
