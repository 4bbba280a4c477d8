// Files below one folder, reached so that no name and no symbolic link can lead out of it.
//
// A path is opened with O_PATH first, which has no effect on what it names; the kernel is then asked where the
// descriptor points, and only what lies below the root is opened for reading. Unlike openat2(RESOLVE_BENEATH) this
// accepts absolute links that stay inside, which people use for "current -> /data/lake/v7". Needs /proc.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "object/object_store.h"

namespace eider {

// Owns a file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Something found below the root. `descriptor` is O_PATH: good for fstat and as the folder of an *at call.
struct FoundFile {
  FileDescriptor descriptor;
  struct stat status {};
  std::string path;  // where it really is

  bool regular() const { return S_ISREG(status.st_mode); }
  bool folder() const { return S_ISDIR(status.st_mode); }
};

// Thread-safe.
class LocalFolder {
 public:
  static Result<LocalFolder> Open(const std::string& path);

  const std::string& name() const { return name_; }
  int descriptor() const { return root_.get(); }

  // Whether the folder itself has been removed since it was opened: it would list as empty for ever.
  bool Gone() const;

  // `relative` below the root; "" is the root. kNotFound, or kDenied when it leads outside.
  Result<FoundFile> Find(const std::string& relative) const;

  // Find, and opens it for reading.
  Result<FileDescriptor> OpenToRead(const FoundFile& found, const std::string& relative) const;

  // Find for a folder, made with its parents where it is missing.
  Result<FoundFile> MakeFolder(const std::string& relative) const;

 private:
  LocalFolder(std::string name, FileDescriptor root) : name_(std::move(name)), root_(std::move(root)) {}

  std::string name_;
  FileDescriptor root_;
};

// The folder that Eider keeps in a lake for itself. Its content is never listed and no key reaches it.
inline constexpr std::string_view kPrivateFolder = ".eider";

// Changes with inode, size and time of the last change. A file written in place twice within one tick of the kernel's
// clock (1-4 ms), to the same size, keeps its ETag; Eider itself never writes in place.
std::string LocalETag(const struct stat& status);

ObjectInfo LocalInfo(const std::string& key, const struct stat& status);

// What errno says about `action` ("read", "write") on `what`.
Error LocalError(int code, std::string_view action, const std::string& what);

}  // namespace eider
