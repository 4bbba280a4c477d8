#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "lake/block_files.h"

namespace eider {
namespace {

struct Use {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  // as below, of all files
  std::uint64_t unfinished = 0;
  std::optional<std::uint64_t> damaged;  // when it was looked for
  std::optional<WallTime> oldest;        // use of a block, and the newest
  std::optional<WallTime> newest;
};

Status CheckFolder(const std::string& folder) {
  if (folder.empty()) {
    return Invalid("no cache: name its folder with --cache FOLDER, or set EIDER_CACHE_FOLDER", "--cache");
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return NotFound(fmt::format("there is no folder '{}'; the first query with --cache makes it", folder));
  }
  if (IsBlockFolder(folder)) return {};
  return Invalid(fmt::format("'{}' is no cache of Eider's: it has no CACHEDIR.TAG that says so; name the folder that "
                             "queries were given with --cache",
                             folder),
                 "--cache");
}

Use UseOf(const std::vector<BlockFile>& files, bool verify) {
  Use use;
  if (verify) use.damaged = 0;
  for (const BlockFile& file : files) {
    use.bytes += file.bytes;
    if (!file.finished) {
      ++use.unfinished;
      continue;
    }
    ++use.blocks;
    const auto used = std::chrono::floor<std::chrono::milliseconds>(file.used);
    use.oldest = std::min(use.oldest.value_or(used), used);
    use.newest = std::max(use.newest.value_or(used), used);
    if (verify && !IsWholeBlock(file)) ++*use.damaged;
  }
  return use;
}

void PrintJson(const CacheOptions& options, const Use& use, std::uint64_t quota) {
  const auto time = [](const std::optional<WallTime>& at) { return at ? JsonQuote(Rfc3339(*at)) : "null"; };
  fmt::print(
      "{{\"folder\":{},\"blocks\":{},\"bytes\":{},\"quota_bytes\":{},\"unfinished\":{},\"damaged\":{},"
      "\"oldest_use\":{},\"newest_use\":{}}}\n",
      JsonQuote(options.folder), use.blocks, use.bytes, quota, use.unfinished,
      use.damaged ? std::to_string(*use.damaged) : "null", time(use.oldest), time(use.newest));
}

void Print(const CacheOptions& options, const Use& use, std::uint64_t quota) {
  fmt::print("{}: {} block{}, {} of {} ({:.0f}%)\n", options.folder, use.blocks, use.blocks == 1 ? "" : "s",
             HumanBytes(use.bytes), HumanBytes(quota),
             100 * static_cast<double>(use.bytes) / static_cast<double>(quota));
  if (use.oldest) fmt::print("used between {} and {}\n", Rfc3339(*use.oldest), Rfc3339(*use.newest));
  if (use.unfinished > 0) fmt::print("{} being written, or left by a killed process\n", use.unfinished);
  if (use.damaged) fmt::print("{} damaged{}\n", *use.damaged, *use.damaged > 0 ? "; they will be read anew" : "");
}

}  // namespace

int Cache(const CacheOptions& options) {
  if (auto status = CheckFolder(options.folder); !status) return Complain(status.error());
  const auto quota = ParseByteCount(options.quota);
  if (!quota || *quota == 0) {
    return Complain(Invalid(fmt::format("--cache-bytes wants a size such as 512MiB or 2GB, not '{}'", options.quota),
                            "--cache-bytes"));
  }
  const auto files = FindBlockFiles(options.folder);
  if (options.clear) {
    const std::uint64_t bytes = RemoveBlocks(options.folder, files);
    if (options.json) {
      fmt::print("{{\"folder\":{},\"removed_bytes\":{}}}\n", JsonQuote(options.folder), bytes);
    } else {
      fmt::print("{}: {} removed\n", options.folder, HumanBytes(bytes));
    }
    return 0;
  }
  const Use use = UseOf(files, options.verify);
  (options.json ? PrintJson : Print)(options, use, *quota);
  return 0;
}

}  // namespace eider
