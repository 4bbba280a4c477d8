#include "catalog/view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/text_place.h"
#include "base/unique_id.h"
#include "catalog/lake_sql.h"
#include "catalog/open_dataset.h"
#include "catalog/statement_sources.h"

namespace eider {
namespace {

class Maker {
 public:
  Maker(const std::string& sql, const AuthorsCatalog& lake) : lake_(lake) {
    made_.statement.sql = sql;
    made_.statement.confined = true;
    made_.statement.quotable = true;
  }

  Result<AuthorsStatement> Make(Database& database) {
    const auto tables = database.FindTables(made_.statement.sql, /*confined=*/true);
    if (!tables) return tables.error();
    for (const auto& [name, place] : tables->names) {
      if (tables->defined.contains(ToLower(name))) continue;
      if (auto status = AddTable(name, name, place); !status) return status.error();
    }
    for (const auto& [name, place] : tables->lake) {
      if (auto status = AddTable(name, "lake." + name, place); !status) return status.error();
    }
    for (const std::string& glob : tables->globs) {
      const auto found = lake_.find_glob(glob);
      if (!found) return found.error();
      sources_.AddGlob(glob, **found);
    }
    for (const std::string& glob : tables->files) {
      const auto found = lake_.find_objects(glob);
      if (!found) return found.error();
      sources_.AddFiles(glob, *found);
    }
    for (const QualifiedName& name : tables->qualified) {
      if (auto status = AddAttached(name); !status) return status.error();
    }
    sources_.Pin();
    sources_.digest().Add(made_.statement.sql);
    // Nobody tells when the rows of another's catalog change.
    const bool changing = tables->changing || !made_.statement.catalogs.empty();
    made_.version = changing ? UniqueId() : sources_.digest().Hex();
    return std::move(made_);
  }

 private:
  Status AddAttached(const QualifiedName& name) {
    const auto attached = lake_.find_attached(name.catalog);
    if (!attached) return attached.error();
    if (!*attached) {
      return Invalid(AtPlace(made_.statement.sql, name.place, fmt::format("there is no catalog '{}'", name.catalog)));
    }
    made_.needs_key |= lake_.needs_key(name.catalog);
    made_.statement.catalogs.emplace(ToLower(name.catalog), *attached);
    return {};
  }

  Status AddTable(const std::string& name, const std::string& table, std::size_t place) {
    const auto found = IsGlobName(name) ? lake_.find_glob(name) : lake_.find(name);
    if (!found) {
      Error error = found.error();
      error.message = AtPlace(made_.statement.sql, place, error.message);
      return error;
    }
    const DatasetConfig& config = (*found)->config;
    made_.needs_key |= config.needs_key;
    if (config.max_rows) made_.max_rows = std::min(*config.max_rows, made_.max_rows.value_or(*config.max_rows));
    sources_.AddTable(table, **found);
    return {};
  }

  const AuthorsCatalog& lake_;
  AuthorsStatement made_;
  StatementSources sources_{made_.statement};
};

}  // namespace

std::map<std::string, std::size_t> CountViews(const DependencyOrder& order, const ReadsByName& reads,
                                              const std::function<bool(const std::string& name)>& is_view) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& name : order.names) {
    if (!is_view(name)) continue;
    std::size_t count = 1;
    for (const std::string& read : reads.at(name)) {
      const auto within = counts.find(read);
      if (within != counts.end()) count = std::min(count + within->second, kMostViews + 1);  // no number overflows
    }
    counts[name] = count;
  }
  return counts;
}

std::string TooManyViews(const std::string& name) {
  return fmt::format(
      "view '{}' stands for more than {} views within views, all of which become one query: make one of "
      "them a table",
      name, kMostViews);
}

Result<std::set<std::string>> ReadsOf(const std::string& sql, Database& database) {
  const auto tables = database.FindTables(sql, /*confined=*/true);
  if (!tables) return tables.error();
  std::set<std::string> reads;
  for (const auto& [name, place] : tables->names) {
    if (!IsGlobName(name) && !tables->defined.contains(ToLower(name))) reads.insert(name);
  }
  for (const auto& [name, place] : tables->lake) {
    if (!IsGlobName(name)) reads.insert(name);
  }
  return reads;
}

Result<AuthorsStatement> MakeAuthorsStatement(const std::string& sql, const AuthorsCatalog& lake, Database& database) {
  return Maker(sql, lake).Make(database);
}

std::string ViewVersion(const DatasetConfig& config, const AuthorsStatement& select) {
  PartsDigest digest;
  digest.Add(InputVersion(config, Sources()));
  digest.Add(select.version);
  return digest.Hex();
}

Result<std::shared_ptr<const Dataset>> OpenView(const DatasetConfig& config, const AuthorsStatement& select,
                                                ObjectStore& store, Database& database, const Call& call) {
  auto dataset = std::make_shared<Dataset>();
  dataset->config = config;
  if (!config.access_given) dataset->config.needs_key = select.needs_key;
  if (!config.max_rows) dataset->config.max_rows = select.max_rows;
  dataset->source = SourceFormat::kView;
  dataset->snapshot = select.statement.snapshot;
  if (!dataset->snapshot) dataset->snapshot = std::make_shared<Snapshot>(std::vector<ObjectInfo>(), &store);
  // Bound as it was written first: an error of it says where.
  if (const auto bound = database.Describe(select.statement); !bound) return bound.error();
  const auto sql = database.Expand(select.statement);
  if (!sql) return sql.error();
  dataset->relation = "(" + *sql + ")";
  dataset->catalogs = select.statement.catalogs;
  Statement described = LakeStatement("SELECT * FROM " + dataset->relation, dataset->snapshot, call);
  described.catalogs = dataset->catalogs;
  const auto columns = database.Describe(described);
  if (!columns) return columns.error();
  if (auto shown = ShowColumns(*dataset, *columns); !shown) return shown.error();
  dataset->version = ViewVersion(config, select);
  return std::shared_ptr<const Dataset>(std::move(dataset));
}

}  // namespace eider
