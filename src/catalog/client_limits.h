// What one client may ask, a client being a key, or an address without one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace eider {

struct ClientLimits {
  // The defaults stop a loop that runs away and let one machine be a thousand readers.
  double requests_per_second = 500;   // refilled evenly; 0: no limit
  double burst = 2000;                // requests that may come at once after a pause
  std::size_t concurrency = 2000;     // queries and downloads under way at once; 0: no limit
  std::uint64_t rows = 0;             // of one answer; 0: no limit, as for what follows
  std::uint64_t bytes = 0;            // of one answer, before compression
  std::uint64_t memory = 0;           // bytes of one query's buffers
  std::chrono::milliseconds time{0};  // for one query
};

// What a configuration says of them; what it does not say stays as it was.
struct ClientLimitChanges {
  std::optional<double> requests_per_second;
  std::optional<std::uint64_t> burst;
  std::optional<std::uint64_t> concurrency;
  std::optional<std::uint64_t> rows;
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> memory;
  std::optional<std::chrono::seconds> time;
};

// A new rate without a burst has that of a second, for the old one may hold a day's requests.
ClientLimits Changed(ClientLimits limits, const ClientLimitChanges& changes);

}  // namespace eider
