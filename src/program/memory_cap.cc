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

// Stacks of the threads that come with the first query, 8 MiB each, of which a few KiB are ever touched.
constexpr std::uint64_t kStackBytes = 32ULL << 20;

// A number of proc(5)'s statm, from 1, in bytes: 2 is what is resident, 6 what is mapped privately and can be written.
std::uint64_t StatmBytes(int field) {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int i = 0; i < field; ++i) statm >> pages;
  return statm ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void Cap(std::uint64_t more_bytes) {
  if (kSanitized) return;
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, StatmBytes(6) + more_bytes);
  ::setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace

void CapMemory(std::uint64_t query_bytes) { Cap(2 * query_bytes + kOwnBytes); }

void CapFunctionMemory(std::uint64_t all_bytes) { Cap(all_bytes - std::min(all_bytes, StatmBytes(2)) + kStackBytes); }

}  // namespace eider
