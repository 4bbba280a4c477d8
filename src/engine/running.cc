#include "engine/running.h"

#include <fmt/format.h>

#include "base/text.h"
#include "duckdb/main/client_config.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "engine/query_memory.h"
#include "engine/read_planner.h"
#include "engine/wait_for_result.h"

namespace eider {

std::string_view Quotable(const Statement& statement) {
  return statement.quotable ? std::string_view(statement.sql) : std::string_view();
}

Running::Running(Attached place, Watchdog& watchdog, const Statement& statement, Sink* sink, std::stop_token stop)
    : place_(std::move(place)), connection_(*place_.instance), state_(duckdb::make_shared_ptr<StatementState>()) {
  if (statement.limits.memory > 0) BoundMemory(context(), statement.limits.memory);
  state_->snapshot = statement.snapshot;
  state_->confined = statement.confined;
  for (const auto& [name, attachment] : place_.catalogs) {
    state_->catalogs.insert(name);
    if (attachment->catalog().is_folder()) {
      state_->reads_folders = true;
    } else {
      state_->aliases[name] = attachment->alias();
    }
  }
  // A name is a dataset or the query's own; what a path stands for, the catalog has said.
  duckdb::ClientConfig::GetConfig(context()).use_replacement_scans = false;
  if (statement.snapshot && statement.snapshot->reads().scheduler != nullptr) {
    state_->reads = std::make_shared<PlannedReads>(statement.snapshot, state_->counters);
  }
  state_->sink = sink;
  state_->call.stop = stop;
  if (statement.on_progress) {
    context().config.enable_progress_bar = true;
    context().config.print_progress_bar = false;
    on_progress_ = statement.on_progress;
  }
  if (statement.limits.time.count() > 0) {
    state_->call.deadline = SystemSteadyClock()() + statement.limits.time;
    guard_.emplace(watchdog, state_->call.deadline, [this] {
      late_ = true;
      connection_.Interrupt();
    });
  }
  context().registered_state->Insert(StatementState::kName, state_);
  interrupt_.emplace(std::move(stop), [this] { connection_.Interrupt(); });
}

// Of a query that ended early tasks may still run. They use the planner, whose thread uses the connection.
Running::~Running() {
  if (!state_->planner) return;
  state_->planner->Stop();
  context().Destroy();
  state_->planner.reset();
}

void Running::AddReads(RunSummary& summary) const {
  summary.reads = state_->counters.requests;
  summary.read_bytes = state_->counters.bytes;
  summary.cache_hits = state_->counters.cache_hits;
  if (state_->planner) summary.plan = state_->planner->summary();
}

Error Running::Explain(const Statement& statement, Error error) {
  if (late_) {
    return {ErrorKind::kTimeout,
            fmt::format("the time limit of {} ms for one request passed; ask for less, or filter it",
                        statement.limits.time.count()),
            {}};
  }
  if (state_->call.stop.stop_requested()) return {ErrorKind::kCancelled, "cancelled", {}};
  if (const auto first = state_->first_error()) return *first;
  if (error.kind == ErrorKind::kExhausted && statement.limits.memory > 0) {
    error.message = fmt::format(
        "the query needs more than the {} of memory that it may have, or more disk than there is; ask for fewer rows "
        "or columns, or without sorting",
        HumanBytes(statement.limits.memory));
    return error;
  }
  return place_.catalogs.empty() ? error : place_.Explain(std::move(error), ToldInFull(statement));
}

duckdb::unique_ptr<duckdb::PreparedStatement> Running::Bind(duckdb::unique_ptr<duckdb::QueryNode> node) {
  auto select = duckdb::make_uniq<duckdb::SelectStatement>();
  select->node = std::move(node);
  context().config.enable_optimizer = false;
  auto prepared = context().Prepare(std::move(select));
  context().config.enable_optimizer = true;
  if (prepared->HasError()) prepared->error.Throw();
  return prepared;
}

PlanSummary Running::Estimate(duckdb::unique_ptr<duckdb::SQLStatement> statement) {
  state_->purpose = StatementState::Purpose::kEstimate;
  const auto prepared = context().Prepare(std::move(statement));
  if (prepared->HasError()) prepared->error.Throw();
  return state_->estimate;
}

duckdb::unique_ptr<duckdb::QueryResult> Running::Execute(duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                                         bool stream) {
  // An interrupt that came before the query began would be forgotten by it.
  if (late_ || state_->call.stop.stop_requested()) throw duckdb::InterruptException();
  state_->purpose = StatementState::Purpose::kRun;
  auto pending = context().PendingQuery(
      std::move(statement), duckdb::QueryParameters(stream ? duckdb::QueryResultOutputType::ALLOW_STREAMING
                                                           : duckdb::QueryResultOutputType::FORCE_MATERIALIZED));
  if (pending->HasError()) pending->ThrowError();
  if (late_ || state_->call.stop.stop_requested()) throw duckdb::InterruptException();
  WaitForResult(*pending, context(), on_progress_);
  if (pending->HasError()) pending->ThrowError();
  auto result = pending->Execute();
  if (result->HasError()) result->ThrowError();
  return result;
}

}  // namespace eider
