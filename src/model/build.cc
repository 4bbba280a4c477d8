#include "model/build.h"

#include "base/text.h"
#include "model/model_tests.h"
#include "model/select_models.h"

#include <fmt/format.h>

#include <algorithm>

namespace eider {
namespace {

class Builder {
 public:
  Builder(const BuildOptions& options, const Models& models, const BuildLake& lake,
          const std::function<void(const BuildStep&)>& tell, const Call& call)
      : options_(options), models_(models), lake_(lake), tell_(tell), call_(call), reads_(ReadsOfAll(models)) {}

  BuildSummary Run(const std::set<std::string>& selected) {
    TellUnreadable(selected);
    if (summary_.failed > 0) return std::move(summary_);
    for (const std::string& name : OrderByReads(reads_).names) {
      if (call_.stop.stop_requested()) break;
      const std::string broken = BrokenRead(name);
      const auto model = models_.models.find(name);
      if (model == models_.models.end() || !selected.contains(name)) {
        if (!broken.empty()) broken_.insert(name);  // a view of eider.yaml, or what is not built now: it passes it on
        continue;
      }
      ++summary_.models;
      if (!broken.empty()) {
        Skip(name, broken);
      } else {
        BuildOne(name, model->second);
      }
    }
    RunQueryTests(selected);
    if (call_.stop.stop_requested()) summary_.first_failure = Error{ErrorKind::kCancelled, "cancelled", {}};
    return std::move(summary_);
  }

 private:
  // What `name` reads that could not be built; empty when all could.
  std::string BrokenRead(const std::string& name) const {
    for (const std::string& read : reads_.at(name)) {
      if (broken_.contains(read)) return read;
    }
    return {};
  }

  void Skip(const std::string& name, const std::string& broken) {
    broken_.insert(name);
    ++summary_.skipped;
    BuildStep step;
    step.name = name;
    step.skipped = true;
    step.outcome = Invalid(fmt::format("skipped, for it reads '{}'", broken));
    tell_(step);
  }

  void TellUnreadable(const std::set<std::string>& selected) {
    for (const std::string& name : selected) {
      const auto& model = models_.models.at(name);
      if (model) continue;
      ++summary_.models;
      BuildStep step;
      step.name = name;
      step.outcome = model.error();
      Tell(step, name);
    }
  }

  void BuildOne(const std::string& name, const Result<Model>& model) {
    BuildStep step;
    step.name = name;
    step.model = &*model;
    const auto accept = [&](const std::shared_ptr<const Dataset>& rows) { return RunTests(*model, rows); };
    auto written = BuildModel(*model, options_.model, lake_, accept, call_);
    if (written) {
      step.written = *std::move(written);
    } else {
      Error error = written.error();
      error.message = fmt::format("{}: {}", model->key, error.message);
      step.outcome = std::move(error);
    }
    lake_.catalog.Refresh();
    Tell(step, name);
    if (step.outcome && !WritesDataset(*model) && !RunTests(*model, nullptr)) broken_.insert(name);
  }

  static bool WritesDataset(const Model& model) {
    const Materialization materialized = model.config.materialized;
    return materialized == Materialization::kTable || materialized == Materialization::kIncremental;
  }

  Status RunTests(const Model& model, const std::shared_ptr<const Dataset>& rows) {
    Status all;
    for (const ModelTest& test : model.tests) {
      if (call_.stop.stop_requested()) return Error{ErrorKind::kCancelled, "cancelled", {}};
      ++summary_.tests;
      BuildStep step;
      step.kind = BuildStep::Kind::kTest;
      step.name = TestName(model, test);
      step.outcome = RunTest(model, test, rows, lake_.database, lake_.catalog, call_);
      if (!step.outcome) all = Invalid("its rows fail a test, so that what was there stays");
      Tell(step, {});
    }
    return all;
  }

  // Those that read a model of this build, once all that they read is there.
  void RunQueryTests(const std::set<std::string>& selected) {
    for (const auto& [name, test] : models_.tests) {
      if (call_.stop.stop_requested()) return;
      BuildStep step;
      step.kind = BuildStep::Kind::kTest;
      step.name = "tests/" + name + ".sql";
      if (!test) {
        ++summary_.tests;
        step.outcome = test.error();
        Tell(step, {});
        continue;
      }
      const auto& reads = test->reads;
      const auto among = [&](const std::set<std::string>& names) {
        return std::any_of(reads.begin(), reads.end(), [&](const auto& read) { return names.contains(read); });
      };
      if (!among(selected) || among(broken_)) continue;
      ++summary_.tests;
      step.outcome = RunTest(*test, lake_.database, lake_.catalog, call_);
      Tell(step, {});
    }
  }

  void Tell(const BuildStep& step, const std::string& breaks) {
    if (!step.outcome) {
      ++summary_.failed;
      if (!breaks.empty()) broken_.insert(breaks);
      if (!summary_.first_failure) summary_.first_failure = step.outcome.error();
    }
    tell_(step);
  }

  const BuildOptions& options_;
  const Models& models_;
  const BuildLake& lake_;
  const std::function<void(const BuildStep&)>& tell_;
  const Call& call_;
  const ReadsByName reads_;
  std::set<std::string> broken_;  // by name: failed, skipped, or failed a test
  BuildSummary summary_;
};

}  // namespace

Result<BuildSummary> Build(const BuildOptions& options, const BuildLake& lake,
                           const std::function<void(const BuildStep&)>& tell, const Call& call) {
  const auto models = lake.catalog.FindModels(call);
  if (!models) return models.error();
  const auto selected = SelectModels(options.select, **models);
  if (!selected) return selected.error();
  if (!(*models)->errors.empty()) return (*models)->errors.front();
  return Builder(options, **models, lake, tell, call).Run(*selected);
}

Result<std::vector<Model>> ModelsInOrder(const std::vector<std::string>& select, const Models& models) {
  const auto selected = SelectModels(select, models);
  if (!selected) return selected.error();
  if (!models.errors.empty()) return models.errors.front();
  std::vector<Model> order;
  for (const std::string& name : OrderByReads(ReadsOfAll(models)).names) {
    if (!selected->contains(name)) continue;
    const auto& model = models.models.at(name);
    if (!model) return model.error();
    order.push_back(*model);
  }
  return order;
}

}  // namespace eider
