// A bound of its own for the memory of one query. DuckDB's memory_limit is of an instance; a bounded query gets a
// buffer manager and a buffer pool for itself alone, as it would have in an instance of its own. Above its bound it
// spills, and it fails where it cannot. What bounded queries hold and spill counts towards the instance's own limits
// too, so that these hold for all queries together. Counted is what DuckDB counts: buffers of operators, and not the
// texts and lists that a function makes.
#pragma once

#include <cstdint>

#include "duckdb.hpp"

namespace eider {

// From now on the context's queries may hold so many bytes. To be called once, before it has run anything. Throws
// DuckDB's exceptions.
void BoundMemory(duckdb::ClientContext& context, std::uint64_t bytes);

}  // namespace eider
