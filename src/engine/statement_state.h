// What a running statement carries through DuckDB: its snapshot, its sink, its limits, and the first error that a
// file system call met. DuckDB wraps such an error in a message of its own; Run answers the original.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "duckdb.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "engine/database.h"
#include "engine/sink.h"
#include "lake/planned_reads.h"
#include "lake/snapshot.h"

namespace eider {

class ReadPlanner;

class StatementState final : public duckdb::ClientContextState {
 public:
  static constexpr const char* kName = "eider_statement";

  StatementState();
  ~StatementState() override;

  // Of the statement that runs in the opener's context; throws when there is none.
  static StatementState& Of(duckdb::optional_ptr<duckdb::FileOpener> opener);

  std::shared_ptr<const Snapshot> snapshot;
  bool confined = false;                       // the statement is from outside: its plan is looked through
  std::set<std::string> catalogs;              // of others, that it names; in lower case
  std::map<std::string, std::string> aliases;  // of these -> names in DuckDB
  bool reads_folders = false;                  // some of them are folders of tables, and have no name in DuckDB
  Sink* sink = nullptr;
  Call call;
  ReadCounters counters;
  std::shared_ptr<PlannedReads> reads;  // null where reads are no round trips
  enum class Purpose : std::uint8_t { kDescribe, kEstimate, kRun };
  Purpose purpose = Purpose::kDescribe;  // of what DuckDB is doing with the statement now
  std::unique_ptr<ReadPlanner> planner;  // of a remote statement that runs
  PlanSummary estimate;
  std::atomic<std::uint64_t> rows{0};  // that a TextCollector has written
  std::function<Status()> on_written;  // which calls it once they all are; may be empty

  // Keeps the first error and throws it as DuckDB's.
  [[noreturn]] void Fail(const Error& error);
  std::optional<Error> first_error();

 private:
  std::mutex mutex_;
  std::optional<Error> first_error_;
};

}  // namespace eider
