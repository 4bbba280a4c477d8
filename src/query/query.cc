#include "query/query.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"

namespace eider {
namespace {

// What a dataset's name stands for: its relation, with the columns that it shows.
std::string SelectOf(const Dataset& dataset) {
  std::vector<std::string> columns;
  for (const Column& column : dataset.columns) columns.push_back(QuoteIdentifier(column.name));
  return fmt::format("SELECT {} FROM {}", Join(columns, ", "), dataset.relation);
}

// A quoted path such as FROM 'flights/*.parquet' is a glob; no dataset's name has these characters.
bool IsGlob(const std::string& name) { return !IsDatasetName(name); }

// Without the semicolon that people end statements with.
std::string_view Trimmed(std::string_view sql) {
  const auto end = sql.find_last_not_of("; \t\r\n");
  return end == std::string_view::npos ? std::string_view() : sql.substr(0, end + 1);
}

}  // namespace

Result<Statement> MakeQuery(const QueryRequest& request, Catalog& catalog, Database& database, const Call& call) {
  Statement statement;
  statement.sql = Trimmed(request.sql);
  statement.format = request.format;
  const auto tables = database.FindTables(statement.sql);
  if (!tables) return tables.error();

  std::vector<std::shared_ptr<const Snapshot>> snapshots;
  std::optional<Error> unknown;
  for (const std::string& name : tables->names) {
    const auto dataset = IsGlob(name) ? catalog.FindGlob(name, call) : catalog.Find(name, call);
    if (!dataset && dataset.error().kind == ErrorKind::kNotFound) {
      if (!unknown) unknown = dataset.error();
      continue;
    }
    if (!dataset) return dataset.error();
    statement.tables[name] = SelectOf(**dataset);
    snapshots.push_back((*dataset)->snapshot);
  }
  for (const std::string& glob : tables->globs) {
    const auto dataset = catalog.FindGlob(glob, call);
    if (!dataset) return dataset.error();
    statement.globs[glob] = (*dataset)->relation;
    snapshots.push_back((*dataset)->snapshot);
  }
  if (snapshots.size() == 1) statement.snapshot = snapshots.front();
  if (snapshots.size() > 1) statement.snapshot = std::make_shared<Snapshot>(snapshots);
  // The query may define the name itself.
  if (unknown && !database.Describe(statement)) return *unknown;
  if (request.limit) statement.sql = fmt::format("SELECT * FROM ({}\n) LIMIT {}", statement.sql, *request.limit);
  return statement;
}

}  // namespace eider
