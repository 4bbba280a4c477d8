// ReadPlanner: makes the read plan of one statement on a remote lake. When the optimizer is done it knows the scans;
// from the footers, in scan order as they arrive, it knows the row groups that survive and the ranges to fetch, and
// hands them to PlannedReads while the query already runs. An object that the query opens before its turn is planned
// at once, by the thread that opens it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "duckdb.hpp"
#include "engine/database.h"
#include "engine/lake_scan.h"
#include "lake/planned_reads.h"

namespace eider {

class ParquetObject;

class ReadPlanner {
 public:
  // Begins at once on a thread of its own. `context` must outlive the planner. `call` bounds its waits.
  ReadPlanner(duckdb::ClientContext& context, std::shared_ptr<PlannedReads> reads, std::vector<LakeScan> scans,
              const Call& call);
  ~ReadPlanner();
  ReadPlanner(const ReadPlanner&) = delete;
  ReadPlanner& operator=(const ReadPlanner&) = delete;

  // Returns when `key` is planned, or never will be. Called by threads that are about to scan it.
  void Need(const std::string& key);

  // Plans no more, and lets nobody wait.
  void Stop();

  PlanSummary summary() const;

 private:
  enum class State : std::uint8_t { kWaiting, kPlanning, kPlanned };
  struct Item {
    const LakeScan* scan;
    std::string key;
    ScanPosition position;
    State state = State::kWaiting;
  };

  void Run();
  bool Take(Item& item);
  void PlanItem(Item& item, bool in_turn);
  void PlanParquet(const Item& item);
  void EndPlan(const Item& item, const ParquetObject& object, std::vector<WantedRange> wanted);
  void PlanText(const Item& item);
  // Objects in order until they hold the rows that a LIMIT asks for; the rest is not planned.
  void PlanRows(const LakeScan& scan);

  duckdb::ClientContext& context_;
  const std::shared_ptr<PlannedReads> reads_;
  const std::vector<LakeScan> scans_;
  std::stop_source stop_;
  const Call call_;
  const std::stop_callback<std::function<void()>> on_stop_;  // of the statement

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> items_;  // in scan order; only their states change
  std::map<std::string, std::vector<Item*>> by_key_;
  PlanSummary summary_;
  std::thread thread_;
};

// Makes the statements of a database plan their reads.
void RegisterReadPlanner(duckdb::DBConfig& config);

}  // namespace eider
