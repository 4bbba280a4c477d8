#include <fmt/format.h>

#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "catalog/leftovers.h"
#include "cli/session.h"
#include "cli/verbs.h"

namespace eider {
namespace {

std::size_t CheckDatasets(Catalog& catalog, const std::vector<DatasetConfig>& list) {
  std::size_t broken = 0;
  for (const DatasetConfig& config : list) {
    const auto found = catalog.Find(config.name);
    if (found) {
      const Dataset& dataset = **found;
      fmt::print("ok      {}: {} objects, {}, {} columns\n", config.name, dataset.snapshot->objects().size(),
                 HumanBytes(dataset.snapshot->size_bytes()), dataset.columns.size());
    } else {
      ++broken;
      fmt::print("broken  {}: {}\n", config.name, found.error().message);
    }
  }
  return broken;
}

// Attaches each catalog of others.
std::size_t CheckCatalogs(Lake& lake) {
  std::size_t broken = 0;
  for (const std::string& name : lake.catalog->AttachedNames()) {
    const auto catalog = lake.catalog->FindAttached(name);
    Statement statement;
    statement.sql = "SELECT 1";
    statement.quotable = true;
    if (catalog) statement.catalogs.emplace(ToLower(name), *catalog);
    const auto attached = catalog ? lake.database->Describe(statement) : Result<std::vector<Column>>(catalog.error());
    if (!attached) ++broken;
    fmt::print("{}\n", attached ? fmt::format("ok      catalog {}", name) : "broken  " + attached.error().message);
  }
  return broken;
}

std::string Age(std::chrono::milliseconds age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 2 * 60) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

std::string Describe(const Leftover& leftover, std::chrono::milliseconds age) {
  const std::string name = leftover.key.empty() ? "temporary " + leftover.upload_id : leftover.key;
  return fmt::format("{}: {}, {}, {} old", name,
                     leftover.upload_id.empty() ? "no manifest lists it"
                     : leftover.ours            ? "unfinished upload"
                                                : "unfinished upload, perhaps of another program",
                     HumanBytes(leftover.size_bytes), Age(age));
}

Status CheckLeftovers(ObjectStore& store, const CheckOptions& options) {
  const auto leftovers = FindLeftovers(store);
  if (!leftovers) return leftovers.error();
  const WallTime now = SystemWallClock()();
  std::size_t kept = 0;
  for (const Leftover& leftover : *leftovers) {
    const auto age = now - leftover.since;
    const bool fixed = options.fix && age >= options.older_than && (leftover.ours || options.uploads);
    if (fixed) {
      if (auto removed = RemoveLeftover(store, leftover); !removed) return removed;
    } else {
      ++kept;
    }
    fmt::print("{} {}\n", fixed ? "removed" : "left   ", Describe(leftover, age));
  }
  if (!leftovers->empty()) {
    fmt::print("{} leftovers of writes, {} removed{}\n", leftovers->size(), leftovers->size() - kept,
               kept == 0     ? ""
               : options.fix ? "; the others are younger than --older-than, or uploads that may be another program's "
                               "(--uploads ends these too)"
                             : "; `eider check --fix` removes those older than --older-than (24h)");
  }
  return {};
}

}  // namespace

int Check(const LakeOptions& lake, const CheckOptions& options) {
  SetLogLevel(LogLevel::kWarn);
  auto session = OpenSession(lake, Operator());
  if (!session) return Complain(session.error());
  const auto list = session->catalog->List();
  if (!list) return Complain(list.error());
  const std::size_t broken = CheckDatasets(*session->catalog, *list);
  fmt::print("{} datasets, {} broken\n", list->size(), broken);
  const std::size_t down = CheckCatalogs(*session);
  if (const auto looked = CheckLeftovers(*session->store, options); !looked) {
    // A web server cannot be listed, and not everybody who may read may list uploads.
    if (options.fix) return Complain(looked.error());
    fmt::print(stderr, "eider: leftovers of writes were not looked for: {}\n", looked.error().message);
  }
  return broken + down == 0 ? 0 : 1;
}

}  // namespace eider
