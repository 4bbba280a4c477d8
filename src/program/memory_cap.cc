#include "program/memory_cap.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace eider {
namespace {

// Beside the queries' buffers: as much again for what DuckDB does not count, and what the server itself holds: fetched
// ranges, cached blocks, 24 MiB of text for each running query, 64 KiB for each reader, and chunks of wide tables:
// Arrow of 10,000 columns did not fit 1 GiB.
constexpr std::uint64_t kOwnBytes = 4ULL << 30;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // their shadow memory is counted, and is terabytes
#else
constexpr bool kSanitized = false;
#endif

// Private writable memory that is mapped now: the sixth number of proc(5)'s statm, in pages.
std::uint64_t MappedBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int field = 0; field < 6; ++field) statm >> pages;
  return statm ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

void CapMemory(std::uint64_t query_bytes) {
  if (kSanitized) return;
  const std::uint64_t bytes = MappedBytes() + 2 * query_bytes + kOwnBytes;
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, bytes);
  ::setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace eider
