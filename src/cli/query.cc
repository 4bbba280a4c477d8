#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/log.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/params.h"
#include "cli/query_run.h"
#include "cli/remote.h"
#include "cli/session.h"
#include "cli/shell.h"
#include "cli/verbs.h"
#include "cli/write.h"
#include "download/format.h"
#include "query/query.h"

namespace eider {
namespace {

constexpr int kUsage = 2;

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

Result<std::string> ReadSql(const QueryOptions& options) {
  if (!options.sql.empty() && !options.file.empty()) return Invalid("give the SQL itself or -f FILE, not both", "-f");
  if (!options.sql.empty()) return options.sql;
  std::ostringstream text;
  if (options.file.empty()) {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return NotFound(fmt::format("cannot read '{}': {}", options.file, std::strerror(errno)));
  text << file.rdbuf();
  return text.str();
}

Result<QueryRequest> ReadRequest(const QueryOptions& options) {
  QueryRequest request;
  auto sql = ReadSql(options);
  if (!sql) return sql.error();
  request.sql = *std::move(sql);
  auto values = ParseParams(options.params);
  if (!values) return values.error();
  request.values = *std::move(values);
  if (options.limit >= 0) request.limit = static_cast<std::uint64_t>(options.limit);
  request.format = FormatOfTarget(options).value_or(Format::kCsv);
  if (options.format.empty() || options.format == "table") return request;
  const auto format = FormatByExtension(options.format);
  if (!format || *format == Format::kGeoJson) {
    return Invalid(
        fmt::format("a query has no format '{}'; it has table csv tsv json ndjson parquet arrow xlsx", options.format),
        "--format");
  }
  request.format = *format;
  return request;
}

int RunToOutput(const Lake& lake, const QueryOptions& options, const QueryRequest& request,
                std::chrono::seconds time_limit, std::stop_token stop) {
  const SteadyTime begun = SystemSteadyClock()();
  Output output(options.output);
  if (auto opened = output.Open(0, {}); !opened) return Complain(opened.error());
  OutputSink sink(output);
  const auto summary = TwiceIfReplaced(
      *lake.catalog,
      [&]() -> Result<RunSummary> {
        auto query = MakeQuery(request, *lake.catalog, *lake.database, {stop});
        if (!query) return query.error();
        query->statement.limits.time = time_limit;
        query->statement.on_progress = ProgressBar(lake, output.to_stdout());
        return lake.database->Run(query->statement, sink, stop);
      },
      [&] { return sink.begun(); });
  const auto took = SystemSteadyClock()() - begun;
  if (!summary) {
    output.Discard();
    return Complain(summary.error());
  }
  if (auto finished = output.Finish(); !finished) return Complain(finished.error());
  if (options.stats) PrintStats(lake, took, *summary);
  return 0;
}

int Finish(const Status& status) { return status ? 0 : Complain(status.error()); }

}  // namespace

int Query(const LakeOptions& lake_options, const QueryOptions& options) {
  SetLogLevel(LogLevel::kWarn);
  if (const auto wrong = CheckRemote(options); !wrong) {
    (void)Complain(wrong.error());
    return kUsage;
  }
  const bool no_sql = options.sql.empty() && options.file.empty() && ::isatty(STDIN_FILENO) == 1;
  const bool shell = no_sql && options.remote.empty() && ::isatty(STDOUT_FILENO) == 1;
  if (no_sql && !shell) {
    return Complain(Invalid("no SQL: give it as an argument, with -f FILE, or on standard input"));
  }
  auto request = shell ? Result<QueryRequest>(QueryRequest()) : ReadRequest(options);
  if (!request) return Complain(request.error());
  const auto writes_objects = WritesObjects(options);
  if (!writes_objects) {
    (void)Complain(writes_objects.error());
    return kUsage;
  }
  Interrupt interrupt;
  if (!options.remote.empty()) return AskRemote(lake_options, options, *request, interrupt.token());
  const auto lake = OpenLake(lake_options);
  if (!lake) return Complain(lake.error());
  const std::chrono::seconds time_limit(lake_options.time_limit_seconds);
  if (shell) return RunShell(*lake, options, time_limit, interrupt);
  if (options.explain) return Finish(PrintPlan(*lake, *request, interrupt.token()));
  if (options.dry_run) return Finish(PrintCost(*lake, *request, interrupt.token()));
  if (*writes_objects) return WriteResult(*lake, lake_options, options, *request, interrupt.token());
  if (ShowsTable(options)) {
    const SteadyTime begun = SystemSteadyClock()();
    const auto shown = PrintRows(*lake, *request, interrupt.token(), time_limit);
    if (!shown) return Complain(shown.error());
    if (options.stats) PrintStats(*lake, SystemSteadyClock()() - begun, *shown);
    return 0;
  }
  return RunToOutput(*lake, options, *request, time_limit, interrupt.token());
}

}  // namespace eider
