#include "api/written_result.h"

#include <fmt/format.h>

#include "api/metadata_body.h"
#include "base/log.h"
#include "catalog/object_write.h"
#include "download/format.h"

namespace eider {
namespace {

Error Explain(Error error, const ObjectStore& store) {
  if (error.kind != ErrorKind::kDenied) return error;
  error.message += fmt::format(
      "; results are written below _results/ of {}: let Eider write, list and delete there, or name another place with "
      "--results-at (EIDER_RESULTS_AT)",
      store.name());
  return error;
}

void RemoveEnded(ObjectStore& store, WallTime now, const Call& call) {
  const auto removed = RemoveEndedResults(store, now, call);
  if (!removed) Log(LogLevel::kWarn, "results_not_removed", {{"message", std::string_view(removed.error().message)}});
}

}  // namespace

Produce WriteResult(const ServiceParts& parts, Statement statement, std::shared_ptr<WrittenResult> written,
                    bool metadata, SteadyTime asked) {
  return [&store = *parts.options.results, &options = parts.options, &database = parts.database,
          statement = std::move(statement), written = std::move(written), metadata,
          asked](Sink& sink, std::stop_token stop, const TellEnd&) -> Result<SpoolEnd> {
    const ResultLink& link = written->link;
    Call call;
    call.stop = std::move(stop);
    if (statement.limits.time.count() > 0) call.deadline = SystemSteadyClock()() + statement.limits.time;
    const auto summary = WriteObject(link.Key(), /*condition=*/{}, statement, store, database, call);
    if (!summary) return Explain(summary.error(), store);
    const SpoolEnd end = EndOf(summary->run);
    written->rows = end.rows;
    written->bytes = summary->bytes;
    std::string text = "{" + LinkMembers(*written, link.Path(), link.kept_until);
    if (metadata) {
      text += fmt::format(R"(,"metadata":{{"stats":{{{}}}}})",
                          StatsMembers(end, SystemSteadyClock()() - asked, /*from_cache=*/false));
    }
    if (auto status = sink.Write(text + "}\n"); !status) return status.error();
    if (!options.sweep_results) RemoveEnded(store, options.wall_clock(), call);
    return end;
  };
}

std::string LinkMembers(const WrittenResult& written, std::string_view url, WallTime expires) {
  return fmt::format(R"("url":{},"format":"{}","rows":{},"bytes":{},"expires":"{}")", JsonQuote(url),
                     InfoOf(written.link.name.format).extension, written.rows, written.bytes, Rfc3339(expires));
}

}  // namespace eider
