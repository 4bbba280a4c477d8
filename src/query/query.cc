#include "query/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/text_place.h"
#include "catalog/keys.h"
#include "catalog/statement_sources.h"
#include "engine/attach_sql.h"

namespace eider {
namespace {

// Without the semicolon that people end statements with.
std::string_view Trimmed(std::string_view sql) {
  const auto end = sql.find_last_not_of("; \t\r\n");
  return end == std::string_view::npos ? std::string_view() : sql.substr(0, end + 1);
}

class Builder {
 public:
  Builder(const QueryRequest& request, Catalog& catalog, Database& database, const Call& call)
      : request_(request), catalog_(catalog), database_(database), call_(call) {
    statement_.sql = Trimmed(request.sql);
    statement_.values = request.values;
    statement_.format = request.format;
    statement_.confined = request.confined;
    statement_.quotable = true;
    if (!request.key) statement_.limit = request.limit;
  }

  Result<LakeQuery> Build() {
    const auto tables = database_.FindTables(statement_.sql, request_.confined);
    if (!tables) return tables.error();
    for (const auto& [name, place] : tables->names) {
      const bool own = tables->defined.contains(ToLower(name));
      if (auto status = AddTable(name, name, place, own); !status) return status.error();
    }
    for (const auto& [name, place] : tables->lake) {
      if (auto status = AddTable(name, "lake." + name, place, /*own=*/false); !status) return status.error();
    }
    for (const QualifiedName& name : tables->qualified) {
      if (auto status = AddAttached(name); !status) return status.error();
    }
    if (!withheld_.empty()) return LakeQuery{{}, {}, withheld_};
    for (const std::string& glob : tables->globs) {
      if (auto status = AddGlob(glob); !status) return status.error();
    }
    for (const std::string& glob : tables->files) {
      if (auto status = AddFiles(glob); !status) return status.error();
    }
    sources_.Pin();
    // An operator's query may name a table of DuckDB's own.
    if (unknown_ && (request_.confined || !database_.Describe(statement_))) return *unknown_;
    // Nobody tells when the rows of another's catalog change.
    const bool changing = tables->changing || !statement_.catalogs.empty();
    if (changing && request_.key) {
      return Invalid(
          "the SQL names now(), random() or the like, or another's catalog, so that its answer changes by itself and "
          "has "
          "no pages",
          "key");
    }
    std::string version = changing ? std::string() : Version();
    if (request_.key) version = TakePage(version);
    return LakeQuery{std::move(statement_), std::move(version), {}};
  }

 private:
  // The SQL names `name` as `table`; `own`: its WITH defines it, so that it may be no dataset.
  Status AddTable(const std::string& name, const std::string& table, std::size_t place, bool own) {
    const bool glob = IsGlobName(name);
    if (glob && own) return {};
    if (glob) {
      if (auto status = MayReadPath(name); !status) return status;
    } else if (own && !Opens(name)) {
      return {};  // no more than the SELECT's own: elsewhere in it, too, the name is no dataset's
    } else if (!Opens(name) || (!request_.with_key && catalog_.NeedsKey(name))) {
      withheld_ = name;
      return {};
    }
    const auto dataset = glob ? catalog_.FindGlob(name, call_) : catalog_.Find(name, call_);
    if (!dataset && dataset.error().kind == ErrorKind::kNotFound) {
      if (own || unknown_) return {};
      unknown_ = NotFound(AtPlace(statement_.sql, place, dataset.error().message));
      return {};
    }
    if (!dataset) return dataset.error();
    if (glob) {
      if (auto status = CheckKeys(name, *(*dataset)->snapshot); !status) return status;
    }
    const DatasetConfig& config = (*dataset)->config;
    if (config.needs_key && !request_.with_key) withheld_ = name;  // a view of what needs one
    if (config.max_rows) {
      auto& limit = statement_.limits.rows;
      limit = limit == 0 ? *config.max_rows : std::min(limit, *config.max_rows);
    }
    sources_.AddTable(table, **dataset);
    return {};
  }

  // A key that opens certain datasets opens an attached catalog when it names that, too.
  Status AddAttached(const QualifiedName& name) {
    const auto attached = catalog_.FindAttached(name.catalog, call_);
    if (!attached) return attached.error();
    if (!*attached) {
      if (!request_.confined) return {};  // a schema of DuckDB's own
      return Invalid(AtPlace(statement_.sql, name.place,
                             fmt::format("there is no catalog '{}', and a dataset has no schema; GET /datasets lists "
                                         "what there is.{}",
                                         name.catalog, DidYouMean(name.catalog, catalog_.AttachedNames()))));
    }
    if (!Opens((*attached)->name) || (!request_.with_key && catalog_.NeedsKey(name.catalog))) {
      withheld_ = (*attached)->name;
      return {};
    }
    const std::string schema = ToLower(name.schema);
    if (request_.confined && TellsOfServer(schema)) {
      return Invalid(AtPlace(statement_.sql, name.place,
                             fmt::format("'{}' is refused: it tells of the server '{}'", schema, name.catalog)));
    }
    statement_.catalogs.emplace(ToLower(name.catalog), *attached);
    return {};
  }

  bool Opens(const std::string& name) const {
    const auto& only = request_.datasets;
    return !only || std::find(only->begin(), only->end(), name) != only->end();
  }

  Status AddGlob(const std::string& glob) {
    if (auto status = MayReadPath(glob); !status) return status;
    const auto dataset = catalog_.FindGlob(glob, call_);
    if (!dataset) return dataset.error();
    sources_.AddGlob(glob, **dataset);
    return CheckKeys(glob, *(*dataset)->snapshot);
  }

  Status AddFiles(const std::string& glob) {
    if (auto status = MayReadPath(glob); !status) return status;
    const auto found = catalog_.FindObjects(glob, call_);
    if (!found) return found.error();
    sources_.AddFiles(glob, *found);
    return CheckKeys(glob, **found);
  }

  Status MayReadPath(const std::string& path) const {
    if (!request_.confined) return {};
    // Before it is looked for: an error that tells of what was found would tell that something was.
    if (catalog_.NamesHidden(path)) return Nothing(path);
    if (!request_.datasets && catalog_.ShowsAll(request_.with_key)) return {};
    return Invalid(
        fmt::format("'{}' is a path, and this lake has datasets that withhold something, which a path would go around; "
                    "name a dataset instead: GET /datasets lists them",
                    path));
  }

  // Writers keep in hidden keys what is no data, and so may its owner.
  Status CheckKeys(const std::string& glob, const Snapshot& found) const {
    if (!request_.confined) return {};
    for (const auto& [key, object] : found.objects()) {
      if (IsHiddenKey(key)) return Nothing(glob);
    }
    return {};
  }

  static Error Nothing(const std::string& glob) {
    return NotFound(fmt::format("nothing in the lake matches '{}'", glob));
  }

  std::string Version() {
    PartsDigest& digest = sources_.digest();
    digest.Add(statement_.sql);
    digest.Add(statement_.limit ? std::to_string(*statement_.limit) : "");
    digest.Add(std::to_string(statement_.limits.rows));
    if (request_.key) {
      digest.Add(std::to_string(request_.key->size()));
      for (const std::string& column : *request_.key) digest.Add(column);
    }
    for (const BoundValue& value : statement_.values) {
      for (const std::string& part : {value.name, value.type, value.text}) digest.Add(part);
      digest.Add(value.is_null ? "null" : "");
    }
    return digest.Hex();
  }

  // All pages of one state of the lake are a series, and each is an answer of its own.
  std::string TakePage(const std::string& series) {
    const Page& page = statement_.page.emplace(Page{*request_.key, request_.limit.value_or(1), request_.after, series});
    PartsDigest digest;
    for (const std::string& part : {series, std::to_string(page.rows), page.after}) digest.Add(part);
    return digest.Hex();
  }

  const QueryRequest& request_;
  Catalog& catalog_;
  Database& database_;
  const Call& call_;
  Statement statement_;
  StatementSources sources_{statement_};  // what the answer depends on
  std::optional<Error> unknown_;
  std::string withheld_;
};

}  // namespace

Result<LakeQuery> MakeQuery(const QueryRequest& request, Catalog& catalog, Database& database, const Call& call) {
  return Builder(request, catalog, database, call).Build();
}

}  // namespace eider
