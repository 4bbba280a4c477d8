#include "object/local_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

namespace eider {
namespace {

std::string ProcPath(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

std::optional<std::string> PathOf(int fd) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = readlink(ProcPath(fd).c_str(), buffer.data(), buffer.size());
  if (length <= 0 || static_cast<std::size_t>(length) == buffer.size()) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

bool IsBelow(std::string_view path, std::string_view root) {
  if (root == "/") return path.starts_with('/');
  return path == root || (path.starts_with(root) && path[root.size()] == '/');
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

Result<LocalFolder> LocalFolder::Open(const std::string& path) {
  FileDescriptor root(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    const int code = errno;
    if (code == ENOENT) return NotFound(fmt::format("The folder '{}' does not exist.", path));
    if (code == ENOTDIR) return Invalid(fmt::format("'{}' is not a folder.", path));
    return LocalError(code, "open the folder", path);
  }
  auto real = PathOf(root.get());
  if (!real) return Internal("Cannot read /proc/self/fd, which keeps reads inside the lake's folder. Mount /proc.");
  return LocalFolder(*std::move(real), std::move(root));
}

bool LocalFolder::Gone() const {
  struct stat status {};
  return ::fstat(root_.get(), &status) != 0 || status.st_nlink == 0;
}

Result<FoundFile> LocalFolder::Find(const std::string& relative) const {
  FoundFile found;
  found.descriptor = FileDescriptor(openat(root_.get(), relative.empty() ? "." : relative.c_str(), O_PATH | O_CLOEXEC));
  if (!found.descriptor.valid()) return LocalError(errno, "open", relative);
  if (fstat(found.descriptor.get(), &found.status) != 0) return LocalError(errno, "open", relative);

  // The root is asked again each time, so that a lake whose folder is renamed stays readable.
  const auto root = PathOf(root_.get());
  auto path = PathOf(found.descriptor.get());
  if (!root || !path) return Internal("Cannot read /proc/self/fd, which keeps reads inside the lake's folder.");
  if (found.status.st_nlink == 0) return LocalError(ENOENT, "open", relative);
  if (!IsBelow(*path, *root)) {
    return Error{ErrorKind::kDenied,
                 fmt::format("'{}' is reached by a symbolic link that leaves the lake's folder. Link inside the "
                             "folder, or copy the file into it.",
                             relative),
                 {}};
  }
  found.path = *std::move(path);
  return found;
}

Result<FileDescriptor> LocalFolder::OpenToRead(const FoundFile& found, const std::string& relative) const {
  FileDescriptor readable(open(ProcPath(found.descriptor.get()).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!readable.valid()) return LocalError(errno, "read", relative);
  return readable;
}

Result<FoundFile> LocalFolder::MakeFolder(const std::string& relative) const {
  auto found = Find(relative);
  if (!found.ok() && found.error().kind == ErrorKind::kNotFound && !relative.empty()) {
    const auto slash = relative.rfind('/');
    auto parent = MakeFolder(slash == std::string::npos ? "" : relative.substr(0, slash));
    if (!parent.ok()) return parent;
    const std::string last = slash == std::string::npos ? relative : relative.substr(slash + 1);
    if (mkdirat(parent->descriptor.get(), last.c_str(), 0777) != 0 && errno != EEXIST) {
      return LocalError(errno, "make the folder", relative);
    }
    found = Find(relative);
  }
  if (found.ok() && !found->folder()) return LocalError(ENOTDIR, "write below", relative);
  return found;
}

std::string LocalETag(const struct stat& status) {
  return fmt::format("{:x}-{:x}-{:x}{:08x}", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

ObjectInfo LocalInfo(const std::string& key, const struct stat& status) {
  const auto time = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return {key, static_cast<std::uint64_t>(status.st_size), LocalETag(status),
          WallTime(std::chrono::floor<std::chrono::milliseconds>(time))};
}

Error LocalError(int code, std::string_view action, const std::string& what) {
  const auto error = [&](ErrorKind kind, std::string_view remedy) {
    return Error{kind, fmt::format("Cannot {} '{}': {}.{}", action, what, std::strerror(code), remedy), {}};
  };
  switch (code) {
    case ENOENT: return NotFound(fmt::format("'{}' does not exist.", what));
    // A file where a folder was asked for: for a read the key names nothing.
    case ENOTDIR:
      if (action == "open" || action == "read") return NotFound(fmt::format("'{}' does not exist.", what));
      return error(ErrorKind::kConflict, " A file stands where a folder is needed.");
    case EISDIR: return error(ErrorKind::kConflict, " A folder stands where the file should go.");
    case ELOOP: return error(ErrorKind::kInvalid, " Symbolic links form a ring.");
    case ENAMETOOLONG: return error(ErrorKind::kInvalid, " Use a shorter key.");
    case EACCES:
    case EPERM: return error(ErrorKind::kDenied, " Give the user that runs Eider the right to it.");
    case EROFS: return error(ErrorKind::kDenied, " The file system is mounted read-only.");
    case ENOSPC:
    case EDQUOT: return error(ErrorKind::kExhausted, " Free some space.");
    case EMFILE:
    case ENFILE: return error(ErrorKind::kExhausted, " Raise the limit on open files.");
    case EIO: return error(ErrorKind::kCorrupt, " The disk may be failing.");
    case EXDEV:
      return error(ErrorKind::kUnsupported,
                   " It is on another file system than the lake's root, so a write cannot be "
                   "atomic there.");
    default: return error(ErrorKind::kUnavailable, "");
  }
}

}  // namespace eider
