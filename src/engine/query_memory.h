// QueryMemory: a bound of its own for the memory of one query. DuckDB's memory_limit is of an instance; a bounded query
// gets a buffer manager and a buffer pool for itself alone, as it would have in an instance of its own. Above its bound
// it spills, and it fails where it cannot. What bounded queries hold and spill counts towards the instance's own limits
// too, so that these hold for all queries together.
// Counted is what DuckDB counts: buffers of operators, and not the texts and lists that a function makes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "duckdb.hpp"

namespace eider {

class SpillShare;

// Thread-safe. The instance outlives it.
class QueryMemory {
 public:
  QueryMemory(duckdb::DatabaseInstance& instance, std::string spill_folder, std::uint64_t spill_bytes);

  // From now on the context's queries may hold so many bytes. To be called once, before it has run anything.
  void Bound(duckdb::ClientContext& context, std::uint64_t bytes);

 private:
  duckdb::DatabaseInstance& instance_;
  const std::string spill_folder_;
  const std::shared_ptr<SpillShare> spill_;
};

}  // namespace eider
