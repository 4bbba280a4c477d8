// A cap on the memory of the process, so that an allocation beyond it fails, which ends the one query that wanted it,
// instead of the kernel ending the process. DuckDB counts its buffers against its own limit, but not the texts and
// lists that a function makes: SELECT repeat('x', 1000000000) FROM range(100).
#pragma once

#include <cstdint>

namespace eider {

// Call when all threads and buffers of the start are there. `query_bytes`: what DuckDB may use by its own count.
void CapMemory(std::uint64_t query_bytes);

// Of a function of AWS Lambda, which has so much in all, and is ended beyond it.
void CapFunctionMemory(std::uint64_t all_bytes);

}  // namespace eider
