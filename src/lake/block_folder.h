// BlockFolder: blocks of bytes in files of a folder that several processes may share, up to so many bytes; those used
// longest ago go first. A block that was damaged is removed and counts as absent. Nothing here fails: a folder that
// cannot be used is one that holds nothing. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace eider {

struct BlockFolderUse {
  std::uint64_t bytes = 0;      // held when it was last looked through, and written by this process since
  std::uint64_t evictions = 0;  // blocks that this process removed for others
};

class BlockFolder {
 public:
  BlockFolder(std::filesystem::path folder, std::uint64_t limit_bytes);

  // `name` is 32 lower-case hexadecimal digits. Null when there is no such block of this length.
  std::shared_ptr<const std::string> Read(const std::string& name, std::uint64_t length);
  void Write(const std::string& name, std::span<const char> bytes);

  BlockFolderUse use() const;

 private:
  void Shrink();

  const std::filesystem::path folder_;
  const std::uint64_t limit_bytes_;
  std::atomic<std::uint64_t> held_{0};     // when the folder was last looked through
  std::atomic<std::uint64_t> written_{0};  // since then
  std::atomic<std::uint64_t> evictions_{0};
  std::uint64_t shrink_after_;  // so many written bytes
  std::mutex shrinking_;
};

}  // namespace eider
