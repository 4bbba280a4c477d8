// Running: one statement on a connection of its own: its state, its stop and its deadline. Of one thread, but what
// interrupts it comes from others.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>

#include "duckdb.hpp"
#include "duckdb/main/prepared_statement.hpp"
#include "engine/attachments.h"
#include "engine/database.h"
#include "engine/statement_state.h"
#include "engine/watchdog.h"

namespace eider {

// What of the SQL an error may quote.
std::string_view Quotable(const Statement& statement);

class Running {
 public:
  // `sink` may be null; it, the watchdog and the statement must outlive this.
  Running(Attached place, Watchdog& watchdog, const Statement& statement, Sink* sink, std::stop_token stop);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  duckdb::ClientContext& context() { return *connection_.context; }
  StatementState& state() { return *state_; }

  // What it has read, and was planned to.
  void AddReads(RunSummary& summary) const;

  // What went wrong, the cause before its consequence.
  Error Explain(const Statement& statement, Error error);

  // All of these throw as DuckDB does.

  // Binds the query for its columns' names and types. Without the optimizer, which would read the statistics of each
  // column in each row group: 0.1 s for 500 columns in 200.
  duckdb::unique_ptr<duckdb::PreparedStatement> Bind(duckdb::unique_ptr<duckdb::QueryNode> node);

  PlanSummary Estimate(duckdb::unique_ptr<duckdb::SQLStatement> statement);

  duckdb::unique_ptr<duckdb::QueryResult> Execute(duckdb::unique_ptr<duckdb::SQLStatement> statement, bool stream);

 private:
  const Attached place_;  // its catalogs stay attached until the connection is gone
  duckdb::Connection connection_;
  duckdb::shared_ptr<StatementState> state_;
  std::function<void(double)> on_progress_;
  std::atomic<bool> late_{false};
  std::optional<Watchdog::Guard> guard_;
  std::optional<std::stop_callback<std::function<void()>>> interrupt_;
};

}  // namespace eider
