#include "model/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "model/lineage.h"

namespace eider {
namespace {

// The lines of a message behind its first, so that the outcome's column stays free.
std::string Indented(const std::string& message) {
  std::string text;
  for (const char c : message) {
    text += c;
    if (c == '\n') text += "        ";
  }
  return text;
}

std::string Written(const BuildStep& step) {
  const WriteSummary& written = step.written;
  if (written.objects == 0) {
    return step.model->config.materialized == Materialization::kView ? "view" : "no rows, nothing to do";
  }
  return fmt::format("{}: {} rows, {} in {} object{}", MaterializationName(step.model->config.materialized),
                     written.run.rows, HumanBytes(written.bytes), written.objects, written.objects == 1 ? "" : "s");
}

void Tell(const BuildStep& step) {
  const char* word = step.skipped ? "skipped" : step.outcome ? "ok" : "failed";
  std::string text;
  if (!step.outcome) text = Indented(step.outcome.error().message);
  if (step.outcome && step.kind == BuildStep::Kind::kModel) text = Written(step);
  fmt::print("{:<7} {}{}{}\n", word, step.name, text.empty() ? "" : ": ", text);
  std::fflush(stdout);  // a build of an hour is watched
}

int Run(const BuildOptions& options, const BuildLake& lake, const Call& call) {
  const auto summary = Build(options, lake, Tell, call);
  if (!summary) return Complain(summary.error());
  fmt::print("{} model{}, {} test{}, {} failed, {} skipped\n", summary->models, summary->models == 1 ? "" : "s",
             summary->tests, summary->tests == 1 ? "" : "s", summary->failed, summary->skipped);
  return summary->first_failure ? ExitCode(summary->first_failure->kind) : 0;
}

// A model may read one that is not there yet, since this build would make it first.
int DryRun(const BuildOptions& options, const BuildLake& lake, const Call& call) {
  const auto models = lake.catalog.FindModels(call);
  if (!models) return Complain(models.error());
  const auto order = ModelsInOrder(options.select, **models);
  if (!order) return Complain(order.error());
  std::set<std::string> made;
  for (const Model& model : *order) {
    const std::vector<std::string> reads(model.reads.begin(), model.reads.end());
    const auto planned = PlanModel(model, options.model, lake, call);
    const bool later = !planned && planned.error().kind == ErrorKind::kNotFound &&
                       std::any_of(reads.begin(), reads.end(), [&](const auto& read) { return made.contains(read); });
    if (!planned && !later) {
      return Complain({planned.error().kind, fmt::format("{}: {}", model.key, planned.error().message), {}});
    }
    std::string cost = "what it reads is made first";
    if (planned) {
      const auto plan = lake.database.Estimate(planned->statement, call.stop);
      if (!plan) return Complain(plan.error());
      cost =
          lake.store.remote() ? fmt::format("{} requests, {}", plan->requests, HumanBytes(plan->bytes)) : "local files";
    }
    fmt::print("{}: {}, {} test{}; reads {} ({})\n", model.name,
               planned ? ActionText(model, planned->action)
                       : fmt::format("build the {}", MaterializationName(model.config.materialized)),
               model.tests.size(), model.tests.size() == 1 ? "" : "s", reads.empty() ? "nothing" : Join(reads, ", "),
               cost);
    made.insert(model.name);
  }
  return 0;
}

}  // namespace

int BuildModels(const LakeOptions& lake_options, const BuildVerb& verb) {
  SetLogLevel(LogLevel::kWarn);
  const Interrupt interrupt;
  const auto opened = OpenLake(lake_options);
  if (!opened) return Complain(opened.error());
  const BuildLake lake{*opened->store, *opened->database, *opened->catalog};
  const Call call{interrupt.token()};
  const auto models = lake.catalog.FindModels(call);
  if (!models) return Complain(models.error());
  if (verb.lineage) {
    fmt::print("{}", LineageJson(**models));
    return 0;
  }
  if ((*models)->models.empty() && (*models)->errors.empty()) {
    return Complain(
        NotFound(fmt::format("there are no models: put SELECTs into models/NAME.sql beside eider.yaml, in {}",
                             opened->model_store ? opened->model_store->name() : opened->store->name())));
  }
  BuildOptions options{verb.select, {verb.full_refresh, std::chrono::seconds(lake_options.time_limit_seconds)}};
  return verb.dry_run ? DryRun(options, lake, call) : Run(options, lake, call);
}

}  // namespace eider
