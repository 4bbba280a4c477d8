// The files of a cache's folder: its blocks, "ab/cdef…" with a digest before their bytes, those not finished, and
// CACHEDIR.TAG (bford.info/cachedir), which says whose the folder is and has backups pass it by. Files of any other
// name are not the cache's: they are never counted, and never removed. Any thread; processes may share a folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace eider {

struct BlockFile {
  std::filesystem::path path;
  std::uint64_t bytes = 0;  // on disk, the digest included
  std::chrono::sys_time<std::chrono::nanoseconds> used{};
  bool finished = true;  // else it is being written, or its writer was killed
};

// Creates the folder and its tag where they are missing. Failures show when blocks are written.
void MarkBlockFolder(const std::filesystem::path& folder);
bool IsBlockFolder(const std::filesystem::path& folder);

// In no order. What vanishes meanwhile may be missing.
std::vector<BlockFile> FindBlockFiles(const std::filesystem::path& folder);

// `name` is 32 lower-case hexadecimal digits.
std::filesystem::path BlockPath(const std::filesystem::path& folder, const std::string& name);

// Appears whole or not at all. False when nothing was written.
bool WriteBlock(const std::filesystem::path& folder, const std::string& name, std::span<const char> bytes);

// The bytes of a block, which counts as used now; null when it is missing or damaged, and then it is removed.
std::shared_ptr<const std::string> ReadBlock(const std::filesystem::path& path, std::uint64_t length);

// Whether the bytes are those that were written; looking is no use.
bool IsWholeBlock(const BlockFile& block);

// Removes all of these files, and folders that are empty then; other processes find them absent. Answers the bytes.
std::uint64_t RemoveBlocks(const std::filesystem::path& folder, const std::vector<BlockFile>& blocks);

}  // namespace eider
