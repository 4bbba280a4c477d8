#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/log.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "cli/write.h"
#include "download/format.h"
#include "query/query.h"

namespace eider {
namespace {

// Rows that are shown on a terminal when nothing else is asked for, and the widest cell of them.
constexpr std::size_t kShownRows = 100;
constexpr std::size_t kWidestCell = 40;

class OutputSink final : public Sink {
 public:
  explicit OutputSink(Output& output) : output_(output) {}

  Status Write(std::span<const char> bytes) override {
    begun_ = true;
    return output_.Write({bytes.data(), bytes.size()});
  }
  Status Close() override { return {}; }
  bool begun() const { return begun_; }

 private:
  Output& output_;
  bool begun_ = false;
};

// Begins anew, once, when an object was replaced under the read: with the lake as it is now. `attempt` answers a
// Result; `begun` whether some of it has left already.
template <class Attempt, class Begun>
auto TwiceIfReplaced(Catalog& catalog, const Attempt& attempt, const Begun& begun) {
  auto result = attempt();
  if (result || result.error().kind != ErrorKind::kConflict || begun()) return result;
  catalog.Refresh();
  return attempt();
}

Result<std::string> ReadSql(const QueryOptions& options) {
  if (!options.sql.empty() && !options.file.empty()) return Invalid("give the SQL itself or -f FILE, not both", "-f");
  if (!options.sql.empty()) return options.sql;
  std::ostringstream text;
  if (options.file.empty()) {
    if (::isatty(STDIN_FILENO) == 1)
      return Invalid("no SQL: give it as an argument, with -f FILE, or on standard input");
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return NotFound(fmt::format("cannot read '{}': {}", options.file, std::strerror(errno)));
  text << file.rdbuf();
  return text.str();
}

std::string Cell(const std::optional<std::string>& cell) {
  if (!cell) return "NULL";
  if (cell->size() <= kWidestCell) return *cell;
  std::size_t end = kWidestCell - 3;
  while (end > 0 && (static_cast<unsigned char>((*cell)[end]) & 0xC0) == 0x80) --end;  // not within a character
  return cell->substr(0, end) + "...";
}

void Print(const Table& table) {
  std::vector<std::size_t> widths;
  for (const Column& column : table.columns) widths.push_back(column.name.size());
  const std::size_t shown = std::min(table.rows.size(), kShownRows);
  for (std::size_t row = 0; row < shown; ++row) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], Cell(table.rows[row][i]).size());
    }
  }
  const auto line = [&](auto cell) {
    std::string text;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool number = table.columns[i].type_class == TypeClass::kNumber;
      text += number ? fmt::format("{:>{}}  ", cell(i), widths[i]) : fmt::format("{:<{}}  ", cell(i), widths[i]);
    }
    while (text.ends_with(' ')) text.pop_back();
    fmt::print("{}\n", text);
  };
  line([&](std::size_t i) { return table.columns[i].name; });
  line([&](std::size_t i) { return std::string(widths[i], '-'); });
  for (std::size_t row = 0; row < shown; ++row) line([&](std::size_t i) { return Cell(table.rows[row][i]); });
  if (table.rows.size() > shown) fmt::print("({} rows shown; --format csv or --limit for more)\n", shown);
}

void PrintStats(std::chrono::nanoseconds took, const RunSummary& summary, const Catalog& catalog) {
  const RangeSchedulerStats reads = catalog.reads();
  const BlockCacheStats cached = catalog.cached();
  fmt::print(stderr,
             "{{\"milliseconds\":{:.3f},\"rows\":{},\"requests\":{},\"bytes\":{},\"retries\":{},\"hedges\":{},\"cache_"
             "hits\":{},"
             "\"objects\":{},\"row_groups\":{},\"row_groups_kept\":{},\"planned_requests\":{},\"planned_bytes\":{}}}\n",
             static_cast<double>(took.count()) / 1e6, summary.rows, reads.requests, reads.bytes, reads.retries,
             reads.hedges, cached.memory_hits + cached.folder_hits, summary.plan.objects, summary.plan.row_groups,
             summary.plan.row_groups_kept, summary.plan.requests, summary.plan.bytes);
}

int DryRun(const Lake& lake, const QueryRequest& request) {
  if (auto configured = lake.catalog->Configure(); !configured) return Complain(configured.error());  // for prices
  const auto query = MakeQuery(request, *lake.catalog, *lake.database);
  if (!query) return Complain(query.error());
  const auto plan = lake.database->Estimate(query->statement);
  if (!plan) return Complain(plan.error());
  fmt::print("{{{}}}\n", CostMembers(*plan, lake.catalog->lake().prices, lake.store->remote()));
  return 0;
}

int RunToTerminal(const Lake& lake, const QueryRequest& request, std::stop_token stop) {
  QueryRequest bounded = request;
  bounded.limit = std::min<std::uint64_t>(request.limit.value_or(kShownRows + 1), kShownRows + 1);
  const auto table = TwiceIfReplaced(
      *lake.catalog,
      [&]() -> Result<Table> {
        const auto query = MakeQuery(bounded, *lake.catalog, *lake.database);
        if (!query) return query.error();
        return lake.database->Query(query->statement, stop);
      },
      [] { return false; });
  if (!table) return Complain(table.error());
  Print(*table);
  return 0;
}

}  // namespace

int Query(const LakeOptions& lake_options, const QueryOptions& options) {
  SetLogLevel(LogLevel::kWarn);
  QueryRequest request;
  auto sql = ReadSql(options);
  if (!sql) return Complain(sql.error());
  request.sql = *std::move(sql);
  if (options.limit >= 0) request.limit = static_cast<std::uint64_t>(options.limit);
  const auto writes_objects = WritesObjects(options);
  if (!writes_objects) {
    (void)Complain(writes_objects.error());
    return 2;
  }
  request.format = FormatOfTarget(options).value_or(Format::kCsv);
  const bool to_terminal =
      options.format.empty() && options.output.empty() && options.into.empty() && ::isatty(STDOUT_FILENO) == 1;
  if (!options.format.empty() && options.format != "table") {
    const auto format = FormatByExtension(options.format);
    if (!format || *format == Format::kGeoJson) {
      return Complain(
          Invalid(fmt::format("a query has no format '{}'; it has table csv tsv json ndjson parquet arrow xlsx",
                              options.format),
                  "--format"));
    }
    request.format = *format;
  }
  const Interrupt interrupt;
  const auto lake = OpenLake(lake_options);
  if (!lake) return Complain(lake.error());
  if (options.dry_run) return DryRun(*lake, request);
  if (*writes_objects) return WriteResult(*lake, lake_options, options, request, interrupt.token());
  if (to_terminal || options.format == "table") return RunToTerminal(*lake, request, interrupt.token());

  const SteadyTime begun = SystemSteadyClock()();
  Output output(options.output);
  if (auto opened = output.Open(0, {}); !opened) return Complain(opened.error());
  OutputSink sink(output);
  const auto summary = TwiceIfReplaced(
      *lake->catalog,
      [&]() -> Result<RunSummary> {
        auto query = MakeQuery(request, *lake->catalog, *lake->database);
        if (!query) return query.error();
        query->statement.limits.time = std::chrono::seconds(lake_options.time_limit_seconds);
        return lake->database->Run(query->statement, sink, interrupt.token());
      },
      [&] { return sink.begun(); });
  const auto took = SystemSteadyClock()() - begun;
  if (!summary) {
    output.Discard();
    return Complain(summary.error());
  }
  if (auto finished = output.Finish(); !finished) return Complain(finished.error());
  if (options.stats) PrintStats(took, *summary, *lake->catalog);
  return 0;
}

}  // namespace eider
