// Views: a SELECT under a name, opened as a dataset whose relation is that SELECT with all that it names put in, so
// that whatever reads a dataset reads a view. Who wrote it may read all of the lake; what it may say is what SQL from
// outside may say.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "catalog/catalog.h"
#include "catalog/dependency_order.h"

namespace eider {

// Views within a view, each counted as often as it is read; all of their SQL becomes one query.
inline constexpr std::size_t kMostViews = 100;

// For each view how many it stands for, itself counted; `is_view` says what becomes SQL. Rings are left out.
std::map<std::string, std::size_t> CountViews(const DependencyOrder& order, const ReadsByName& reads,
                                              const std::function<bool(const std::string& name)>& is_view);
std::string TooManyViews(const std::string& name);

// How a view's author finds what it names.
struct AuthorsCatalog {
  using Found = Result<std::shared_ptr<const Dataset>>;
  std::function<Found(const std::string& name)> find;
  std::function<Found(const std::string& glob)> find_glob;
  std::function<Result<std::shared_ptr<const Snapshot>>(const std::string& glob)> find_objects;
  std::function<Result<std::shared_ptr<const AttachedCatalog>>(const std::string& name)> find_attached;
  std::function<bool(const std::string& attached)> needs_key;
};

// The names that the SELECT reads from, without those that its WITH defines. kInvalid for what is no such SELECT.
Result<std::set<std::string>> ReadsOf(const std::string& sql, Database& database);

// The statement of such a SELECT, on a view's terms, over the lake as it is now.
struct AuthorsStatement {
  Statement statement;
  std::string version;  // of the SELECT and all that it reads; another one each time where its answer changes by itself
  bool needs_key = false;                 // as something that it reads does
  std::optional<std::uint64_t> max_rows;  // the least that something it reads has
};

// Errors of the SQL say where; kNotFound for a name that the lake does not have.
Result<AuthorsStatement> MakeAuthorsStatement(const std::string& sql, const AuthorsCatalog& lake, Database& database);

// Dataset::version of the view: of its SELECT, of all that it reads and of what `config` changes in the answer.
std::string ViewVersion(const DatasetConfig& config, const AuthorsStatement& select);

// The view as it stands now. `config` says its name, its SQL and what it shows.
Result<std::shared_ptr<const Dataset>> OpenView(const DatasetConfig& config, const AuthorsStatement& select,
                                                ObjectStore& store, Database& database, const Call& call);

}  // namespace eider
