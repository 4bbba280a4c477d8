#include "lake/block_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/digest.h"

namespace eider {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigestBytes = 32;

std::string DigestOf(std::span<const char> bytes) {
  Sha256 digest;
  digest.Update(bytes);
  return digest.Finish();
}

class File {
 public:
  File(const fs::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  bool ReadAll(char* out, std::size_t length) const {
    while (length > 0) {
      const ssize_t n = ::read(descriptor_, out, length);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      out += n;
      length -= static_cast<std::size_t>(n);
    }
    return true;
  }
  bool WriteAll(std::span<const char> bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  const int descriptor_;
};

struct Block {
  fs::path path;
  std::uint64_t bytes;
  timespec used;
};

// Everything in the folder that is a block, or was to become one.
std::vector<Block> Look(const fs::path& folder) {
  std::vector<Block> blocks;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    struct stat status {};
    if (::stat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    blocks.push_back({at->path(), static_cast<std::uint64_t>(status.st_size), status.st_mtim});
  }
  return blocks;
}

}  // namespace

BlockFolder::BlockFolder(fs::path folder, std::uint64_t limit_bytes)
    : folder_(std::move(folder)), limit_bytes_(limit_bytes), shrink_after_(limit_bytes / 10) {
  std::error_code ignored;
  fs::create_directories(folder_, ignored);
  Shrink();
}

fs::path BlockFolder::PathOf(const std::string& name) const { return folder_ / name.substr(0, 2) / name.substr(2); }

std::shared_ptr<const std::string> BlockFolder::Read(const std::string& name, std::uint64_t length) {
  const fs::path path = PathOf(name);
  const File file(path, O_RDONLY);
  if (!file.open()) return nullptr;
  std::string digest(kDigestBytes, '\0');
  auto bytes = std::make_shared<std::string>(length, '\0');
  char beyond = 0;
  const bool whole = file.ReadAll(digest.data(), digest.size()) && file.ReadAll(bytes->data(), bytes->size()) &&
                     ::read(file.descriptor(), &beyond, 1) == 0;
  if (!whole || DigestOf(*bytes) != digest) {
    ::unlink(path.c_str());
    return nullptr;
  }
  ::futimens(file.descriptor(), nullptr);  // used now
  return bytes;
}

void BlockFolder::Write(const std::string& name, std::span<const char> bytes) {
  if (bytes.size() > limit_bytes_ / 10) return;
  const fs::path path = PathOf(name);
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  static std::atomic<std::uint64_t> number{0};
  const fs::path part = folder_ / fmt::format("{}-{}.part", ::getpid(), ++number);
  bool written = false;
  {
    const File file(part, O_WRONLY | O_CREAT | O_EXCL);
    written = file.open() && file.WriteAll(DigestOf(bytes)) && file.WriteAll(bytes);
  }
  if (!written || ::rename(part.c_str(), path.c_str()) != 0) {
    ::unlink(part.c_str());
    return;
  }
  if ((written_ += bytes.size()) >= shrink_after_) Shrink();
}

// What other processes wrote counts too, so the folder itself is looked through, by one process at a time.
void BlockFolder::Shrink() {
  const std::unique_lock turn(shrinking_, std::try_to_lock);
  if (!turn.owns_lock()) return;
  written_ = 0;
  const File folder(folder_, O_RDONLY | O_DIRECTORY);
  if (!folder.open() || ::flock(folder.descriptor(), LOCK_EX | LOCK_NB) != 0) return;
  std::vector<Block> blocks = Look(folder_);
  std::uint64_t held = 0;
  for (const Block& block : blocks) held += block.bytes;
  // Down to nine tenths, so that the next tenth can be written before the next look.
  const std::uint64_t wanted = limit_bytes_ - limit_bytes_ / 10;
  if (held <= wanted) return;
  std::sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  for (const Block& block : blocks) {
    if (held <= wanted) return;
    if (::unlink(block.path.c_str()) == 0) held -= block.bytes;
  }
}

BlockFolderUse BlockFolder::use() const {
  BlockFolderUse use;
  for (const Block& block : Look(folder_)) {
    ++use.files;
    use.bytes += block.bytes;
  }
  return use;
}

}  // namespace eider
