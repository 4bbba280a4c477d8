#include "engine/database.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>

#include "base/text.h"
#include "duckdb/main/database.hpp"
#include "duckdb/main/materialized_query_result.hpp"
#include "duckdb/main/prepared_statement.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "engine/answer_table.h"
#include "engine/attachments.h"
#include "engine/bind.h"
#include "engine/catalog_tables.h"
#include "engine/copy.h"
#include "engine/duckdb_error.h"
#include "engine/held_sink.h"
#include "engine/instance.h"
#include "engine/limited_sink.h"
#include "engine/narrow.h"
#include "engine/page.h"
#include "engine/partitioned_write.h"
#include "engine/running.h"
#include "engine/sandbox.h"
#include "engine/statement_state.h"
#include "engine/tables.h"
#include "engine/text_collector.h"
#include "engine/text_format.h"
#include "engine/watchdog.h"
#include "engine/xlsx_stream.h"

namespace eider {
namespace {

// Whether who asks again at once finds room beside what DuckDB has not let go of.
bool HoldsLittle(duckdb::ClientContext& context) {
  const auto& buffers = duckdb::BufferManager::GetBufferManager(context);
  return buffers.GetUsedMemory() <= buffers.GetMaxMemory() / 8;
}

class DuckDatabase final : public Database {
 public:
  explicit DuckDatabase(DatabaseOptions options) : options_(std::move(options)) {}

  ~DuckDatabase() override {
    attachments_.reset();
    database_.reset();
    if (owns_spill_folder_) {
      std::error_code ignored;
      std::filesystem::remove_all(options_.spill_folder, ignored);
    }
  }

  Status Start() {
    return Guarded([&]() -> Status {
      if (options_.spill_folder.empty()) {
        std::string pattern = (std::filesystem::temp_directory_path() / "eider-spill-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
          return Error{ErrorKind::kExhausted, "cannot make a spill folder " + pattern, {}};
        }
        options_.spill_folder = pattern;
        owns_spill_folder_ = true;
      }
      if (options_.threads <= 0) options_.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
      auto database = OpenConfinedInstance(options_);
      if (!database) return database.error();
      database_ = *std::move(database);
      parser_options_ = duckdb::Connection(*database_).context->GetParserOptions();
      attachments_ = std::make_unique<Attachments>(options_);
      return {};
    });
  }

  Result<RunSummary> Run(const Statement& statement, Sink& sink, std::stop_token stop,
                         const std::function<void(const RunSummary&)>& on_answer) override {
    ++runs_;
    HeldSink held(sink);
    LimitedSink limited(statement.catalogs.empty() ? sink : held, statement.limits.bytes);
    auto place = PlaceOf(statement);
    if (!place) return place.error();
    Running running(*std::move(place), watchdog_, statement, &limited, std::move(stop));
    RunSummary summary;
    std::atomic<bool> answered{false};
    const auto answer = [&](std::uint64_t rows) -> Status {
      if (const auto most = statement.limits.rows; most > 0 && rows > most) {
        return Error{
            ErrorKind::kExhausted,
            fmt::format("the answer has more than the {} rows that it may have; ask for fewer with LIMIT", most),
            {}};
      }
      if (auto status = limited.Close(); !status) return status;
      summary.rows = rows;
      running.AddReads(summary);
      answered = true;
      if (on_answer && HoldsLittle(running.context())) on_answer(summary);
      return {};
    };
    // Another's catalog may have an error to tell until the statement has ended.
    if (statement.catalogs.empty()) {
      running.state().on_written = [&] { return answer(running.state().rows); };
    }
    const auto run = Guarded(
        [&]() -> Result<RunSummary> {
          auto node = BindSelect(running.context(), statement);
          if (!node) return node.error();
          if (statement.page) return RunPage(running, *std::move(node), statement, limited, summary.next);
          return RunRows(running, *std::move(node), statement, limited);
        },
        Quotable(statement));
    if (!run) return running.Explain(statement, run.error());
    if (!answered) {
      if (auto status = answer(run->rows); !status) return status.error();
    }
    return summary;
  }

  Result<RunSummary> RunParts(const Statement& statement, const std::vector<std::string>& partition_by,
                              PartFiles& files, std::stop_token stop) override {
    ++runs_;
    auto place = PlaceOf(statement);
    if (!place) return place.error();
    Running running(*std::move(place), watchdog_, statement, nullptr, std::move(stop));
    auto summary = Guarded([&]() -> Result<RunSummary> {
      auto node = BindSelect(running.context(), statement);
      if (!node) return node.error();
      NarrowTypes(running, *node, Format::kParquet);
      const auto described = running.Bind((*node)->Copy());
      const auto columns = FindPartitionColumns(partition_by, described->GetNames(), described->GetTypes());
      if (!columns) return columns.error();
      if (auto begun = files.Begin(MakeColumns(described->GetNames(), described->GetTypes())); !begun) {
        return begun.error();
      }
      OrderByPartition(*node, *columns);
      const auto parquet = ParquetCopyFunction(running.context());
      auto select = duckdb::make_uniq<duckdb::SelectStatement>();
      select->node = *std::move(node);
      const auto result = running.Execute(std::move(select), /*stream=*/true);
      const auto rows = WriteParts(running.context(), running.state(), *result, *columns, parquet, files);
      if (!rows) return rows.error();
      RunSummary done;
      done.rows = *rows;
      return done;
    });
    if (!summary) return running.Explain(statement, summary.error());
    running.AddReads(*summary);
    return summary;
  }

  Result<Table> Query(const Statement& statement, std::stop_token stop) override {
    auto place = PlaceOf(statement);
    if (!place) return place.error();
    Running running(*std::move(place), watchdog_, statement, nullptr, std::move(stop));
    auto table = Guarded(
        [&]() -> Result<Table> {
          auto node = BindSelect(running.context(), statement);
          if (!node) return node.error();
          auto select = duckdb::make_uniq<duckdb::SelectStatement>();
          select->node = *std::move(node);
          const auto result = running.Execute(std::move(select), /*stream=*/true);
          return ReadTable(*result);
        },
        Quotable(statement));
    if (!table) return running.Explain(statement, table.error());
    table->run.rows = table->rows.size();
    running.AddReads(table->run);
    return table;
  }

  Result<std::vector<Column>> Describe(const Statement& statement) override {
    auto place = PlaceOf(statement);
    if (!place) return place.error();
    Running running(*std::move(place), watchdog_, statement, nullptr, {});
    auto columns = Guarded(
        [&]() -> Result<std::vector<Column>> {
          auto node = BindSelect(running.context(), statement);
          if (!node) return node.error();
          const auto prepared = running.Bind(*std::move(node));
          return MakeColumns(prepared->GetNames(), prepared->GetTypes());
        },
        Quotable(statement));
    if (!columns) return running.Explain(statement, columns.error());
    return columns;
  }

  Result<std::string> Expand(const Statement& statement) override {
    return Guarded(
        [&]() -> Result<std::string> {
          duckdb::Connection connection(*database_);
          const auto node = BindSelect(*connection.context, statement);
          if (!node) return node.error();
          return (*node)->ToString();
        },
        Quotable(statement));
  }

  Result<PlanSummary> Estimate(const Statement& statement, std::stop_token stop) override {
    auto place = PlaceOf(statement);
    if (!place) return place.error();
    Running running(*std::move(place), watchdog_, statement, nullptr, std::move(stop));
    auto estimate = Guarded(
        [&]() -> Result<PlanSummary> {
          auto node = BindSelect(running.context(), statement);
          if (!node) return node.error();
          if (statement.page) {
            auto paged = MakePage(running, *std::move(node), statement);
            if (!paged) return paged.error();
            *node = std::move(paged->select);
          }
          auto select = duckdb::make_uniq<duckdb::SelectStatement>();
          select->node = *std::move(node);
          return running.Estimate(std::move(select));
        },
        Quotable(statement));
    if (!estimate) return running.Explain(statement, estimate.error());
    return estimate;
  }

  Result<std::string> Explain(const Statement& statement, std::stop_token stop) override {
    auto place = PlaceOf(statement);
    if (!place) return place.error();
    Running running(*std::move(place), watchdog_, statement, nullptr, std::move(stop));
    auto plan = Guarded(
        [&]() -> Result<std::string> {
          auto node = BindSelect(running.context(), statement);
          if (!node) return node.error();
          auto select = duckdb::make_uniq<duckdb::SelectStatement>();
          select->node = *std::move(node);
          const auto result =
              running.context().Query(duckdb::make_uniq<duckdb::ExplainStatement>(std::move(select)), false);
          if (result->HasError()) result->ThrowError();
          const auto chunk = result->Fetch();
          return chunk->GetValue(1, 0).ToString();
        },
        Quotable(statement));
    if (!plan) return running.Explain(statement, plan.error());
    return plan;
  }

  Result<TableNames> FindTables(const std::string& sql, bool confined) override {
    return Guarded(
        [&]() -> Result<TableNames> {
          const auto node = ParseSelect(parser_options_, sql);
          if (!node) return node.error();
          if (confined) CheckSyntax(**node, nullptr);
          return eider::FindTables(**node);
        },
        sql);
  }

  Result<std::vector<CatalogTable>> ListTables(const Statement& statement, std::stop_token stop) override {
    const AttachedCatalog& catalog = *statement.catalogs.begin()->second;
    if (catalog.is_folder()) return TablesInFolders(catalog, statement.limits.time, std::move(stop));
    auto place = PlaceOf(statement);
    if (!place) return place.error();
    Running running(*std::move(place), watchdog_, statement, nullptr, std::move(stop));
    auto tables = Guarded([&]() -> Result<std::vector<CatalogTable>> {
      return TablesIn(running.context(), running.state().aliases.begin()->second);
    });
    if (!tables) return running.Explain(statement, tables.error());
    return tables;
  }

  Status CheckValue(const BoundValue& value) override {
    return Guarded([&]() -> Status {
      duckdb::Connection connection(*database_);
      const auto parsed = ParseBoundValue(*connection.context, value);
      return parsed ? Status() : Status(parsed.error());
    });
  }

  int threads() const override { return options_.threads; }
  std::uint64_t runs() const override { return runs_; }

 private:
  // Where the statement runs: beside the catalogs that it names, or where there is nothing but the lake.
  Result<Attached> PlaceOf(const Statement& statement) {
    if (!statement.catalogs.empty()) return attachments_->Attach(statement);
    return Attached{database_, {}};
  }

  // The page as it is asked of the lake.
  struct PagedSelect {
    Page page;
    PageOrder order;
    duckdb::unique_ptr<duckdb::QueryNode> select;
  };

  static Result<PagedSelect> MakePage(Running& running, duckdb::unique_ptr<duckdb::QueryNode> node,
                                      const Statement& statement) {
    PagedSelect paged{*statement.page, {}, nullptr};
    // Whoever may have so many rows of an answer has them of each page.
    if (const auto rows = statement.limits.rows; rows > 0) paged.page.rows = std::min(paged.page.rows, rows);
    const auto described = running.Bind(node->Copy());
    auto order = FindPageOrder(*node, described->GetNames(), described->GetTypes(), paged.page);
    if (!order) return order.error();
    paged.order = *std::move(order);
    auto select = SelectPage(running.context(), std::move(node), paged.order, paged.page);
    if (!select) return select.error();
    paged.select = *std::move(select);
    return paged;
  }

  // The page and the row behind it are computed once, into memory; what is written is read from there.
  // `next` is set before the last row is written.
  Result<RunSummary> RunPage(Running& running, duckdb::unique_ptr<duckdb::QueryNode> node, const Statement& statement,
                             Sink& sink, std::string& next) {
    auto paged = MakePage(running, std::move(node), statement);
    if (!paged) return paged.error();
    auto select = duckdb::make_uniq<duckdb::SelectStatement>();
    select->node = std::move(paged->select);
    const auto result = running.Execute(std::move(select), /*stream=*/false);
    auto& rows = result->Cast<duckdb::MaterializedQueryResult>().Collection();
    auto token = NextPage(running.context(), rows, paged->order, paged->page);
    if (!token) return token.error();
    next = *std::move(token);
    return RunRows(running, SelectRows(rows, paged->order, paged->page), statement, sink);
  }

  Result<RunSummary> RunRows(Running& running, duckdb::unique_ptr<duckdb::QueryNode> node, const Statement& statement,
                             Sink& sink) {
    if (statement.format == Format::kArrow || statement.format == Format::kParquet) {
      NarrowTypes(running, node, statement.format);
    }
    if (IsText(statement.format)) return RunText(running, std::move(node), statement);
    if (statement.format == Format::kXlsx) return RunXlsx(running, std::move(node), sink);
    return RunParquet(running, std::move(node), statement);
  }

  Result<RunSummary> RunText(Running& running, duckdb::unique_ptr<duckdb::QueryNode> node, const Statement& statement) {
    auto select = duckdb::make_uniq<duckdb::SelectStatement>();
    select->node = std::move(node);
    duckdb::ClientConfig::GetConfig(running.context()).get_result_collector =
        CollectText(running.state(), statement.format, statement.keep_order);
    running.Execute(std::move(select), /*stream=*/false);
    RunSummary summary;
    summary.rows = running.state().rows;
    return summary;
  }

  Result<RunSummary> RunParquet(Running& running, duckdb::unique_ptr<duckdb::QueryNode> node,
                                const Statement& statement) {
    const auto result = running.Execute(MakeParquetCopy(std::move(node), statement.keep_order), /*stream=*/false);
    const auto chunk = result->Fetch();
    RunSummary summary;
    summary.rows = chunk->GetValue(0, 0).GetValue<std::uint64_t>();
    return summary;
  }

  static void NarrowTypes(Running& running, duckdb::unique_ptr<duckdb::QueryNode>& node, Format format) {
    const auto prepared = running.Bind(node->Copy());
    CastForFormat(node, prepared->GetNames(), prepared->GetTypes(), format);
  }

  Result<RunSummary> RunXlsx(Running& running, duckdb::unique_ptr<duckdb::QueryNode> node, Sink& sink) {
    auto select = duckdb::make_uniq<duckdb::SelectStatement>();
    select->node = std::move(node);
    const auto result = running.Execute(std::move(select), /*stream=*/true);
    return WriteXlsx(*result, sink, options_.spill_folder);
  }

  DatabaseOptions options_;
  bool owns_spill_folder_ = false;
  std::atomic<std::uint64_t> runs_{0};
  Watchdog watchdog_;
  std::shared_ptr<duckdb::DuckDB> database_;
  duckdb::ParserOptions parser_options_;  // of the instance, whose configuration is locked
  std::unique_ptr<Attachments> attachments_;
};

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  auto database = std::make_unique<DuckDatabase>(options);
  if (auto status = database->Start(); !status) return status.error();
  return std::unique_ptr<Database>(std::move(database));
}

std::string_view EncoderVersion() { return "duckdb-1.5.5/2"; }

}  // namespace eider
