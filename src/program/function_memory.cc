#include "program/function_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"

namespace eider {
namespace {

// The process itself, its threads and what streams through it (24 MiB of text, 64 KiB of spool) come before any query.
constexpr std::uint64_t kOwnBytes = 100ULL << 20;

std::string MiB(std::uint64_t bytes) { return fmt::format("{}MiB", std::max<std::uint64_t>(bytes >> 20, 1)); }

}  // namespace

std::optional<std::uint64_t> FunctionMemory() {
  const char* told = std::getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
  const auto megabytes = told == nullptr ? std::nullopt : ParseUint(told);
  if (!megabytes || *megabytes == 0) return std::nullopt;
  return *megabytes << 20;
}

void FitToFunction(LakeOptions& options) {
  const auto told = FunctionMemory();
  if (!told) return;
  const std::uint64_t all = *told;
  const std::uint64_t free = std::max(all - std::min(all, kOwnBytes), all / 4);
  // Half of what is free is DuckDB's, which counts most of what it takes; an eighth each is what is fetched ahead and
  // kept, neither of which gains from more than a server's.
  options.memory = MiB(free / 2);
  options.read_ahead = MiB(std::min<std::uint64_t>(free / 8, 40ULL << 20));
  options.cache_memory = MiB(std::min<std::uint64_t>(free / 8, 64ULL << 20));
  // Results are kept for equal requests to come, until there is no room: that must be found out before the disk is
  // full.
  std::error_code failed;
  const auto disk = std::filesystem::space(std::filesystem::temp_directory_path(failed), failed);
  if (failed) return;
  options.spool_bytes = MiB(disk.available / 2);
  options.spill_bytes = MiB(disk.available / 2);
}

}  // namespace eider
