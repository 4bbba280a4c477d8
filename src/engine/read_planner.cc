#include "engine/read_planner.h"

#include <algorithm>

#include "duckdb/optimizer/optimizer_extension.hpp"
#include "engine/estimate.h"
#include "engine/parquet_object.h"
#include "engine/statement_state.h"

namespace eider {
namespace {

constexpr ScanPosition ScanBegin(std::size_t scan) { return (static_cast<ScanPosition>(scan) << 32) + 1; }

// So many bytes of row groups are fetched together with the bloom filters that may exclude them: a round trip less.
constexpr std::uint64_t kCheaperThanAsking = 2 << 20;

std::uint64_t BytesOf(const std::vector<WantedRange>& wanted) {
  std::uint64_t bytes = 0;
  for (const WantedRange& range : wanted) bytes += range.extent.length;
  return bytes;
}

StatementState* StatementOf(duckdb::ClientContext& context) {
  return context.registered_state->Get<StatementState>(StatementState::kName).get();
}

// DuckDB calls this before its optimizer…
void Prepare(duckdb::OptimizerExtensionInput& input, duckdb::unique_ptr<duckdb::LogicalOperator>& plan) {
  const StatementState* state = StatementOf(input.context);
  if (state != nullptr && state->reads) HideLimits(*plan);
}

// … and this with the finished plan.
void PlanReads(duckdb::OptimizerExtensionInput& input, duckdb::unique_ptr<duckdb::LogicalOperator>& plan) {
  StatementState* state = StatementOf(input.context);
  if (state == nullptr) return;
  if (state->reads) ShowLimits(*plan);
  if (state->purpose == StatementState::Purpose::kEstimate) {
    state->estimate = EstimateReads(input.context, FindLakeScans(*plan), *state);
  }
  if (state->purpose != StatementState::Purpose::kRun || !state->reads || state->planner) return;
  auto scans = FindLakeScans(*plan);
  if (scans.empty()) return;
  state->planner = std::make_unique<ReadPlanner>(input.context, state->reads, std::move(scans), state->call);
  TakePlannedFiles(*plan, [planner = state->planner.get()](const std::string& key) { planner->Need(key); });
}

}  // namespace

ReadPlanner::ReadPlanner(duckdb::ClientContext& context, std::shared_ptr<PlannedReads> reads,
                         std::vector<LakeScan> scans, const Call& call)
    : context_(context),
      reads_(std::move(reads)),
      scans_(std::move(scans)),
      call_{stop_.get_token(), call.deadline},
      on_stop_(call.stop, [this] { stop_.request_stop(); }) {
  for (std::size_t i = 0; i < scans_.size(); ++i) {
    ScanPosition position = ScanBegin(i);
    for (const std::string& key : scans_[i].keys) items_.push_back({&scans_[i], key, position++, State::kWaiting});
  }
  for (Item& item : items_) {
    by_key_[item.key].push_back(&item);
    ++summary_.objects;
    const bool asks = item.scan->parquet && !item.scan->rows && !ParquetObject::Cached(context_, item.key);
    if (asks) reads_->PlanTail(item.key, item.position);
  }
  for (const LakeScan& scan : scans_) {
    if (scan.rows) PlanRows(scan);
  }
  thread_ = std::thread([this] { Run(); });
}

ReadPlanner::~ReadPlanner() {
  Stop();
  thread_.join();
}

void ReadPlanner::Stop() { stop_.request_stop(); }

void ReadPlanner::Run() {
  for (Item& item : items_) {
    if (stop_.stop_requested()) return;
    if (Take(item)) PlanItem(item, /*in_turn=*/true);
  }
}

bool ReadPlanner::Take(Item& item) {
  const std::lock_guard lock(mutex_);
  if (item.state != State::kWaiting) return false;
  item.state = State::kPlanning;
  return true;
}

void ReadPlanner::Need(const std::string& key) {
  const auto items = by_key_.find(key);
  if (items == by_key_.end()) return;
  for (Item* item : items->second) {
    if (Take(*item)) {
      PlanItem(*item, /*in_turn=*/false);
      continue;
    }
    std::unique_lock lock(mutex_);
    if (item->state == State::kPlanned) continue;
    lock.unlock();
    (void)reads_->AwaitTail(key, /*in_turn=*/false, call_);  // whoever plans it waits for this alone
    lock.lock();
    changed_.wait(lock, [&] { return item->state == State::kPlanned; });
  }
}

void ReadPlanner::PlanItem(Item& item, bool in_turn) {
  if (item.scan->parquet) (void)reads_->AwaitTail(item.key, in_turn, call_);
  // An error is told by the reads that follow. What cannot be planned is read on demand, and what is wrong with it is
  // told to the scan that reads it.
  if (!stop_.stop_requested()) {
    try {
      if (item.scan->parquet) {
        PlanParquet(item);
      } else {
        PlanText(item);
      }
    } catch (const std::exception&) {
    }
  }
  const std::lock_guard lock(mutex_);
  item.state = State::kPlanned;
  changed_.notify_all();
}

void ReadPlanner::PlanParquet(const Item& item) {
  ParquetObject object(context_, item.key, *item.scan);
  std::vector<WantedRange> wanted = object.ColumnChunks();
  std::vector<WantedRange> filters = object.BloomFilters();
  if (!filters.empty() && BytesOf(wanted) > kCheaperThanAsking) {
    for (WantedRange& filter : filters) filter.times = 2;  // here and by the scan
    reads_->Plan(item.key, std::move(filters), item.position);
    object.ApplyBloomFilters();
    wanted = object.ColumnChunks();
  } else {
    wanted.insert(wanted.end(), filters.begin(), filters.end());
  }
  EndPlan(item, object, std::move(wanted));
}

void ReadPlanner::EndPlan(const Item& item, const ParquetObject& object, std::vector<WantedRange> wanted) {
  reads_->Plan(item.key, std::move(wanted), item.position);
  reads_->EndPlan(item.key);
  const std::lock_guard lock(mutex_);
  summary_.row_groups += object.row_groups();
  summary_.row_groups_kept += object.kept();
  summary_.rows_at_most += object.rows();
}

void ReadPlanner::PlanText(const Item& item) {
  if (item.scan->rows) return;  // the reader's own reading ahead is enough
  reads_->PlanAll(item.key, item.position);
}

void ReadPlanner::PlanRows(const LakeScan& scan) {
  std::uint64_t missing = *scan.rows;
  for (Item& item : items_) {
    if (item.scan != &scan) continue;
    if (scan.parquet && missing > 0 && !stop_.stop_requested()) {
      try {
        ParquetObject object(context_, item.key, scan);
        object.KeepRows(missing);
        missing -= std::min(missing, object.rows());
        EndPlan(item, object, object.ColumnChunks());
      } catch (const std::exception&) {
        missing = 0;
      }
    }
    item.state = State::kPlanned;
  }
}

PlanSummary ReadPlanner::summary() const {
  PlanSummary summary;
  {
    const std::lock_guard lock(mutex_);
    summary = summary_;
  }
  const PlanCost cost = reads_->planned();
  summary.requests = cost.requests;
  summary.bytes = cost.bytes;
  return summary;
}

void RegisterReadPlanner(duckdb::DBConfig& config) {
  duckdb::OptimizerExtension extension;
  extension.pre_optimize_function = Prepare;
  extension.optimize_function = PlanReads;
  duckdb::OptimizerExtension::Register(config, std::move(extension));
}

}  // namespace eider
