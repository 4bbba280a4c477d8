#include "lake/block_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <optional>

#include "base/digest.h"
#include "lake/open_file.h"

namespace eider {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kNameDigits = 32;
constexpr std::size_t kFolderDigits = 2;
constexpr std::string_view kPartSuffix = ".part";

constexpr const char* kTag = "CACHEDIR.TAG";
constexpr std::string_view kTagText =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Blocks of remote lakes that Eider has read. `eider cache --clear` empties this folder.\n";

std::string DigestOf(std::span<const char> bytes) {
  Sha256 digest;
  digest.Update(bytes);
  return digest.Finish();
}

bool AreHexDigits(std::string_view text, std::size_t count) {
  return text.size() == count && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<BlockFile> Look(const fs::path& path, bool finished) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto used = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return BlockFile{path, static_cast<std::uint64_t>(status.st_size),
                   std::chrono::sys_time<std::chrono::nanoseconds>(used), finished};
}

// The bytes behind the digest, when they are `length` and have it.
std::shared_ptr<const std::string> ReadWhole(const OpenFile& file, std::uint64_t length) {
  std::string digest(kDigestBytes, '\0');
  auto bytes = std::make_shared<std::string>(length, '\0');
  char beyond = 0;
  const bool whole = file.ReadAll(digest) && file.ReadAll(*bytes) && ::read(file.descriptor(), &beyond, 1) == 0;
  return whole && DigestOf(*bytes) == digest ? bytes : nullptr;
}

}  // namespace

void MarkBlockFolder(const fs::path& folder) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  const OpenFile tag(folder / kTag, O_WRONLY | O_CREAT | O_EXCL);
  if (tag.open()) tag.WriteAll(kTagText);
}

bool IsBlockFolder(const fs::path& folder) {
  const OpenFile tag(folder / kTag, O_RDONLY);
  std::string text(kTagText.size(), '\0');
  return tag.open() && tag.ReadAll(text) && text == kTagText;
}

std::vector<BlockFile> FindBlockFiles(const fs::path& folder) {
  std::vector<BlockFile> found;
  const auto add = [&](const fs::path& path, bool finished) {
    if (auto block = Look(path, finished)) found.push_back(*std::move(block));
  };
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename();
    if (name.ends_with(kPartSuffix) && AreHexDigits(std::string_view(name).substr(0, kNameDigits), kNameDigits)) {
      add(at->path(), /*finished=*/false);
    }
    if (!AreHexDigits(name, kFolderDigits)) continue;
    std::error_code gone;
    for (fs::directory_iterator in(at->path(), gone); !gone && in != end; in.increment(gone)) {
      if (AreHexDigits(in->path().filename().native(), kNameDigits - kFolderDigits)) add(in->path(), true);
    }
  }
  return found;
}

fs::path BlockPath(const fs::path& folder, const std::string& name) {
  return folder / name.substr(0, kFolderDigits) / name.substr(kFolderDigits);
}

bool WriteBlock(const fs::path& folder, const std::string& name, std::span<const char> bytes) {
  const fs::path path = BlockPath(folder, name);
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  static std::atomic<std::uint64_t> number{0};
  const fs::path part = folder / fmt::format("{}-{}-{}{}", name, ::getpid(), ++number, kPartSuffix);
  bool written = false;
  {
    const OpenFile file(part, O_WRONLY | O_CREAT | O_EXCL);
    written = file.open() && file.WriteAll(DigestOf(bytes)) && file.WriteAll(bytes);
  }
  if (written && ::rename(part.c_str(), path.c_str()) == 0) return true;
  ::unlink(part.c_str());
  return false;
}

std::shared_ptr<const std::string> ReadBlock(const fs::path& path, std::uint64_t length) {
  const OpenFile file(path, O_RDONLY);
  if (!file.open()) return nullptr;
  auto bytes = ReadWhole(file, length);
  if (bytes) {
    ::futimens(file.descriptor(), nullptr);  // used now
  } else {
    ::unlink(path.c_str());
  }
  return bytes;
}

bool IsWholeBlock(const BlockFile& block) {
  const OpenFile file(block.path, O_RDONLY);
  return file.open() && block.bytes >= kDigestBytes && ReadWhole(file, block.bytes - kDigestBytes) != nullptr;
}

std::uint64_t RemoveBlocks(const fs::path& folder, const std::vector<BlockFile>& blocks) {
  std::uint64_t bytes = 0;
  for (const BlockFile& block : blocks) {
    if (::unlink(block.path.c_str()) == 0) bytes += block.bytes;
    // Not the empty one's alone: rmdir refuses a folder that still holds something.
    if (const fs::path parent = block.path.parent_path(); parent != folder) ::rmdir(parent.c_str());
  }
  return bytes;
}

}  // namespace eider
