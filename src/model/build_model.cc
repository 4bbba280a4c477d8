#include "model/build_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/manifest.h"
#include "catalog/object_write.h"

namespace eider {
namespace {

std::vector<std::string> NamesOf(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return names;
}

std::string QuotedList(const std::vector<std::string>& names, const char* format) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(fmt::format(fmt::runtime(format), QuoteIdentifier(name)));
  return Join(quoted, ", ");
}

class Planner {
 public:
  Planner(const Model& model, const ModelBuild& build, const BuildLake& lake, const Call& call)
      : model_(model), build_(build), lake_(lake), call_(call) {}

  Result<PlannedModel> Plan() {
    switch (model_.config.materialized) {
      case Materialization::kView: return Written(BuildAction::kLook, model_.sql);
      case Materialization::kTable: return Written(BuildAction::kReplace, model_.sql);
      case Materialization::kExternal: {
        auto planned = Written(BuildAction::kReplaceObject, model_.sql);
        if (planned) planned->statement.format = Format::kParquet;
        return planned;
      }
      case Materialization::kIncremental: return Incremental();
    }
    return Internal("a materialization that is not known");
  }

 private:
  Result<PlannedModel> Incremental() {
    const auto old = Existing();
    if (!old) return old.error();
    if (!*old || build_.full_refresh) return Written(*old ? BuildAction::kReplace : BuildAction::kCreate, model_.sql);
    if (!model_.config.partition_by.empty()) return Written(BuildAction::kReplacePartitions, model_.incremental_sql);
    auto planned = Written(BuildAction::kAdd, model_.incremental_sql);
    if (!planned || model_.config.unique_key.empty()) return planned;
    return ReplaceByKey(planned->statement, **old);
  }

  // The dataset as it is; nullopt when it was not built yet.
  Result<std::optional<Statement>> Existing() {
    auto statement = lake_.catalog.MakeStatement("SELECT * FROM lake." + QuoteIdentifier(model_.name), call_);
    if (statement) return std::optional<Statement>(*std::move(statement));
    if (statement.error().kind == ErrorKind::kNotFound) return std::optional<Statement>();
    return statement.error();
  }

  Result<PlannedModel> Written(BuildAction action, const std::string& sql) {
    auto statement = lake_.catalog.MakeStatement(sql, call_);
    if (!statement) return statement.error();
    if (const auto bound = lake_.database.Describe(*statement); !bound) return bound.error();
    statement->limits.time = build_.limit;
    return PlannedModel{action, *std::move(statement)};
  }

  // The new rows, and of the old ones those whose key is not among them.
  Result<PlannedModel> ReplaceByKey(const Statement& fresh, const Statement& old) {
    const auto new_columns = lake_.database.Describe(fresh);
    if (!new_columns) return new_columns.error();
    const auto old_columns = lake_.database.Describe(old);
    if (!old_columns) return old_columns.error();
    const auto names = NamesOf(*new_columns);
    if (names != NamesOf(*old_columns)) {
      return Invalid(
          fmt::format("its columns are no longer those of '{}/': {} instead of {}; --full-refresh builds it "
                      "anew",
                      model_.name, Join(names, ", "), Join(NamesOf(*old_columns), ", ")));
    }
    std::vector<std::string> same;
    for (const std::string& key : model_.config.unique_key) {
      if (std::find(names.begin(), names.end(), key) == names.end()) {
        return Invalid(fmt::format("its unique_key '{}' is none of its columns.{}", key, DidYouMean(key, names)));
      }
      same.push_back(fmt::format("fresh.{0} IS NOT DISTINCT FROM old.{0}", QuoteIdentifier(key)));
    }
    const auto fresh_sql = lake_.database.Expand(fresh);
    if (!fresh_sql) return fresh_sql.error();
    const auto old_sql = lake_.database.Expand(old);
    if (!old_sql) return old_sql.error();
    PlannedModel planned{BuildAction::kReplaceByKey, {}};
    planned.statement.sql = fmt::format(
        "WITH fresh AS MATERIALIZED ({}), old AS NOT MATERIALIZED ({}) SELECT {} FROM fresh UNION ALL SELECT {} FROM "
        "old "
        "WHERE NOT EXISTS (FROM fresh WHERE {})",
        *fresh_sql, *old_sql, QuotedList(names, "fresh.{}"), QuotedList(names, "old.{}"), Join(same, " AND "));
    planned.statement.snapshot =
        fresh.snapshot
            ? std::make_shared<Snapshot>(std::vector<std::shared_ptr<const Snapshot>>{fresh.snapshot, old.snapshot})
            : old.snapshot;
    planned.statement.catalogs = fresh.catalogs;
    planned.statement.limits = fresh.limits;
    return planned;
  }

  const Model& model_;
  const ModelBuild& build_;
  const BuildLake& lake_;
  const Call& call_;
};

// A file or folder of the view's name would stand before it.
Status CheckView(const Model& model, const BuildLake& lake, const Call& call) {
  const auto found = lake.catalog.Find(model.name, call);
  if (!found) return found.error();
  if ((*found)->source == SourceFormat::kView) return {};
  return Invalid(
      fmt::format("the lake holds data called '{}' ('{}'), which stands before the view: remove it, or rename "
                  "the model",
                  model.name, (*found)->snapshot->objects().begin()->first));
}

WriteMode ModeOf(BuildAction action) {
  if (action == BuildAction::kAdd) return WriteMode::kAppend;
  return action == BuildAction::kReplacePartitions ? WriteMode::kReplacePartitions : WriteMode::kReplace;
}

}  // namespace

Result<PlannedModel> PlanModel(const Model& model, const ModelBuild& build, const BuildLake& lake, const Call& call) {
  return Planner(model, build, lake, call).Plan();
}

std::string ActionText(const Model& model, BuildAction action) {
  const std::string folder = model.name + "/";
  switch (action) {
    case BuildAction::kLook: return "look at the view";
    case BuildAction::kCreate: return fmt::format("make '{}'", folder);
    case BuildAction::kReplace: return fmt::format("replace '{}'", folder);
    case BuildAction::kReplacePartitions: return fmt::format("replace partitions of '{}'", folder);
    case BuildAction::kReplaceByKey:
      return fmt::format("replace rows of '{}' by {}", folder, Join(model.config.unique_key, ", "));
    case BuildAction::kAdd: return fmt::format("add to '{}'", folder);
    case BuildAction::kReplaceObject: return fmt::format("replace '{}'", model.config.location);
  }
  return {};
}

Result<WriteSummary> BuildModel(const Model& model, const ModelBuild& build, const BuildLake& lake,
                                const AcceptRows& accept, const Call& call) {
  // Before the model is planned: what comes between is another write, which is not replaced.
  const bool external = model.config.materialized == Materialization::kExternal;
  const auto condition =
      external ? ReplaceAsItIs(model.config.location, lake.store, call) : Result<PutCondition>(PutCondition());
  if (!condition) return condition.error();
  const auto planned = PlanModel(model, build, lake, call);
  if (!planned) return planned.error();
  if (planned->action == BuildAction::kLook) {
    if (auto status = CheckView(model, lake, call); !status) return status.error();
    return WriteSummary();
  }
  if (external) {
    return WriteObject(model.config.location, *condition, planned->statement, lake.store, lake.database, call);
  }
  DatasetWrite write{model.name + "/", model.config.partition_by, ModeOf(planned->action)};
  const bool first = planned->action == BuildAction::kCreate || planned->action == BuildAction::kReplace;
  write.reads_itself = planned->action == BuildAction::kReplaceByKey || (model.reads_itself && !first);
  write.allow_empty = true;
  write.accept = [&](const Manifest& next) -> Status {
    const auto rows = lake.catalog.OpenListed(model.name, next, call);
    return rows ? accept(*rows) : Status(rows.error());
  };
  return WriteDataset(write, planned->statement, lake.store, lake.database, call);
}

}  // namespace eider
