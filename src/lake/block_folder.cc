#include "lake/block_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "lake/block_files.h"
#include "lake/open_file.h"

namespace eider {

BlockFolder::BlockFolder(std::filesystem::path folder, std::uint64_t limit_bytes)
    : folder_(std::move(folder)), limit_bytes_(limit_bytes), shrink_after_(limit_bytes / 10) {
  MarkBlockFolder(folder_);
  Shrink();
}

std::shared_ptr<const std::string> BlockFolder::Read(const std::string& name, std::uint64_t length) {
  return ReadBlock(BlockPath(folder_, name), length);
}

void BlockFolder::Write(const std::string& name, std::span<const char> bytes) {
  if (bytes.size() > limit_bytes_ / 10 || !WriteBlock(folder_, name, bytes)) return;
  if ((written_ += bytes.size()) >= shrink_after_) Shrink();
}

// What other processes wrote counts too, so the folder itself is looked through, by one process at a time.
void BlockFolder::Shrink() {
  const std::unique_lock turn(shrinking_, std::try_to_lock);
  if (!turn.owns_lock()) return;
  written_ = 0;
  const OpenFile folder(folder_, O_RDONLY | O_DIRECTORY);
  if (!folder.open() || ::flock(folder.descriptor(), LOCK_EX | LOCK_NB) != 0) return;
  std::vector<BlockFile> blocks = FindBlockFiles(folder_);
  std::uint64_t held = 0;
  for (const BlockFile& block : blocks) held += block.bytes;
  // Down to nine tenths, so that the next tenth can be written before the next look.
  const std::uint64_t wanted = limit_bytes_ - limit_bytes_ / 10;
  if (held > wanted) {
    std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.used < b.used; });
  }
  for (const BlockFile& block : blocks) {
    if (held <= wanted) break;
    if (::unlink(block.path.c_str()) != 0) continue;
    held -= block.bytes;
    ++evictions_;
  }
  held_ = held;
}

BlockFolderUse BlockFolder::use() const { return {held_ + written_, evictions_}; }

}  // namespace eider
