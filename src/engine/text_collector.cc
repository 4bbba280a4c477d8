#include "engine/text_collector.h"

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/operator/helper/physical_result_collector.hpp"
#include "duckdb/execution/operator/scan/physical_table_scan.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/main/materialized_query_result.hpp"
#include "duckdb/main/prepared_statement_data.hpp"
#include "engine/lake_scan.h"
#include "engine/text_format.h"
#include "engine/text_order.h"

namespace eider {
namespace {

// How rows come to the sink.
enum class Threads : std::uint8_t {
  kOne,      // in the order of the plan, which has no batches
  kBatches,  // in the order of the batches that the plan's sources number: row groups of a Parquet file, runs of a sort
  kAnyOrder
};

struct GlobalState final : duckdb::GlobalSinkState {
  GlobalState(duckdb::ClientContext& client, StatementState& statement, const TextFormat& format)
      : context(client), order(*statement.sink, format.begin, format.separator_bytes) {}

  void Unblock() {
    const auto guard = Lock();
    UnblockTasks(guard);
  }

  duckdb::ClientContext& context;
  TextOrder order;
};

struct LocalState final : duckdb::LocalSinkState {
  LocalState(std::unique_ptr<RowEncoder> rows_encoder, TextPool& pool) : encoder(std::move(rows_encoder)), text(pool) {}

  std::unique_ptr<RowEncoder> encoder;
  TextWriter text;
  std::uint64_t batch = 0;  // of `text`
};

class TextCollector final : public duckdb::PhysicalResultCollector {
 public:
  TextCollector(duckdb::PreparedStatementData& data, StatementState& statement, std::unique_ptr<TextFormat> format,
                Threads threads)
      : PhysicalResultCollector(*data.physical_plan, data),
        statement_(statement),
        format_(std::move(format)),
        threads_(threads) {}

  bool ParallelSink() const override { return threads_ != Threads::kOne; }
  bool SinkOrderDependent() const override { return threads_ != Threads::kAnyOrder; }
  duckdb::OperatorPartitionInfo RequiredPartitionInfo() const override {
    return duckdb::OperatorPartitionInfo(threads_ == Threads::kBatches);
  }

  duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(duckdb::ClientContext& context) const override {
    return duckdb::make_uniq<GlobalState>(context, statement_, *format_);
  }
  duckdb::unique_ptr<duckdb::LocalSinkState> GetLocalSinkState(duckdb::ExecutionContext& context) const override {
    auto& global = sink_state->Cast<GlobalState>();
    return duckdb::make_uniq<LocalState>(format_->MakeEncoder(context.client), global.order.pool());
  }

  duckdb::SinkResultType Sink(duckdb::ExecutionContext&, duckdb::DataChunk& chunk,
                              duckdb::OperatorSinkInput& input) const override {
    auto& global = input.global_state.Cast<GlobalState>();
    auto& local = input.local_state.Cast<LocalState>();
    Advance(global, local);
    if (threads_ == Threads::kBatches) local.batch = local.partition_info.batch_index.GetIndex();
    if (global.order.MustWait(local.batch)) {
      const auto guard = global.Lock();
      // Looked at again under the lock that Unblock takes. Once blocking is prevented the query is ending.
      if (global.order.MustWait(local.batch) && global.BlockTask(guard, input.interrupt_state)) {
        return duckdb::SinkResultType::BLOCKED;
      }
    }
    local.encoder->Encode(chunk, local.text);
    statement_.rows += chunk.size();
    Check(global.order.Grown(local.batch, local.text));
    if (global.order.is_low()) global.Unblock();
    return duckdb::SinkResultType::NEED_MORE_INPUT;
  }

  duckdb::SinkNextBatchType NextBatch(duckdb::ExecutionContext&,
                                      duckdb::OperatorSinkNextBatchInput& input) const override {
    EndBatch(input.global_state.Cast<GlobalState>(), input.local_state.Cast<LocalState>());
    return duckdb::SinkNextBatchType::READY;
  }

  duckdb::SinkCombineResultType Combine(duckdb::ExecutionContext&,
                                        duckdb::OperatorSinkCombineInput& input) const override {
    EndBatch(input.global_state.Cast<GlobalState>(), input.local_state.Cast<LocalState>());
    return duckdb::SinkCombineResultType::FINISHED;
  }

  duckdb::SinkFinalizeType Finalize(duckdb::Pipeline&, duckdb::Event&, duckdb::ClientContext&,
                                    duckdb::OperatorSinkFinalizeInput& input) const override {
    Check(input.global_state.Cast<GlobalState>().order.Finish(format_->end));
    if (statement_.on_written) Check(statement_.on_written());
    return duckdb::SinkFinalizeType::READY;
  }

  duckdb::unique_ptr<duckdb::QueryResult> GetResult(duckdb::GlobalSinkState& state) const override {
    auto& context = state.Cast<GlobalState>().context;
    return duckdb::make_uniq<duckdb::MaterializedQueryResult>(statement_type, properties, names,
                                                              CreateCollection(context), context.GetClientProperties());
  }

 private:
  void Check(const Status& status) const {
    if (!status) statement_.Fail(status.error());
  }

  // The pipeline knows the least batch that any thread is at.
  void Advance(GlobalState& global, LocalState& local) const {
    if (threads_ != Threads::kBatches || !global.order.Advance(local.partition_info.min_batch_index.GetIndex())) return;
    global.Unblock();
    Check(global.order.WriteHeld());
    if (global.order.is_low()) global.Unblock();
  }

  void EndBatch(GlobalState& global, LocalState& local) const {
    local.encoder->End(local.text);
    Check(global.order.End(local.batch, local.text));
    Advance(global, local);
  }

  StatementState& statement_;
  const std::unique_ptr<TextFormat> format_;
  const Threads threads_;
};

// Whether the plan's batches are the row groups of Parquet objects, whatever number of threads reads them. Arrow's
// messages end where batches do, and equal requests must give equal bytes: a sort, or a scan of CSV, cuts its batches
// by the threads that it has.
bool HasRowGroupsAsBatches(const duckdb::PhysicalOperator& plan) {
  switch (plan.type) {
    case duckdb::PhysicalOperatorType::PROJECTION:
    case duckdb::PhysicalOperatorType::FILTER: return HasRowGroupsAsBatches(plan.children[0].get());
    case duckdb::PhysicalOperatorType::TABLE_SCAN: return ReadsParquet(plan.Cast<duckdb::PhysicalTableScan>().function);
    default: return false;
  }
}

}  // namespace

duckdb::get_result_collector_t CollectText(StatementState& state, Format format, bool keep_order) {
  return [&state, format, keep_order](
             duckdb::ClientContext& context,
             duckdb::PreparedStatementData& data) -> duckdb::unique_ptr<duckdb::PhysicalOperator> {
    auto threads = Threads::kAnyOrder;
    if (keep_order) {
      auto& plan = data.physical_plan->Root();
      const bool batches = format == Format::kArrow ? HasRowGroupsAsBatches(plan)
                                                    : duckdb::PhysicalPlanGenerator::UseBatchIndex(context, plan);
      threads = batches ? Threads::kBatches : Threads::kOne;
    }
    return duckdb::make_uniq<TextCollector>(data, state, MakeTextFormat(format, context, data.names, data.types),
                                            threads);
  };
}

}  // namespace eider
