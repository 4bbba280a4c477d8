#include "engine/estimate.h"

#include <algorithm>

#include "engine/parquet_object.h"

namespace eider {
namespace {

// What a request costs in bytes where none has been measured: 30 ms at 50 MiB/s.
const MergeRule kUsualRule{3 << 19, 8 << 20, {}};

// What a byte of CSV or JSON, compressed at times, comes to as text of another kind.
constexpr std::uint64_t kExpansion = 4;

MergeRule RuleOf(const StatementState& state) {
  const RangeScheduler* scheduler = state.snapshot->reads().scheduler;
  return scheduler == nullptr ? kUsualRule : MergeRule{scheduler->gap_bytes(), scheduler->split_bytes(), {}};
}

void Add(PlanSummary& sum, const std::vector<WantedRange>& wanted, const MergeRule& rule) {
  for (const MergedRange& request : MergeRanges(wanted, rule)) {
    ++sum.requests;
    sum.bytes += request.extent.length;
  }
}

}  // namespace

PlanSummary EstimateReads(duckdb::ClientContext& context, const std::vector<LakeScan>& scans, StatementState& state) {
  PlanSummary sum;
  const MergeRule rule = state.snapshot ? RuleOf(state) : kUsualRule;
  ScanPosition position = 1;
  for (const LakeScan& scan : scans) {
    for (const std::string& key : scan.keys) {
      if (state.reads && scan.parquet && !ParquetObject::Cached(context, key)) state.reads->PlanTail(key, position++);
    }
  }
  for (const LakeScan& scan : scans) {
    std::uint64_t missing = scan.rows.value_or(UINT64_MAX);
    sum.objects += scan.keys.size();
    for (const std::string& key : scan.keys) {
      if (!scan.parquet) {
        const std::uint64_t bytes = state.snapshot->Find(key)->size_bytes;
        Add(sum, {{{0, bytes}, 0, 1}}, rule);
        sum.text_bytes += bytes * kExpansion;
        continue;
      }
      ParquetObject object(context, key, scan);
      sum.row_groups += object.row_groups();
      object.KeepRows(missing);
      missing -= std::min(missing, object.rows());
      sum.row_groups_kept += object.kept();
      sum.rows_at_most += object.rows();
      sum.text_bytes += object.TextBytes();
      sum.name_bytes += object.NameBytes();
      Add(sum, object.ColumnChunks(), rule);
      if (state.reads) state.reads->EndPlan(key);  // of the tail nothing is needed any more
    }
  }
  return sum;
}

}  // namespace eider
