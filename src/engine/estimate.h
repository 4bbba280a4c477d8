// What scans would read, from the footers of their objects.
#pragma once

#include <vector>

#include "duckdb.hpp"
#include "engine/lake_scan.h"
#include "engine/statement_state.h"

namespace eider {

// On a remote lake the footers are fetched side by side. Bloom filters are not asked: a run may keep fewer row groups.
// Throws what DuckDB throws for an object that it cannot read.
PlanSummary EstimateReads(duckdb::ClientContext& context, const std::vector<LakeScan>& scans, StatementState& state);

}  // namespace eider
