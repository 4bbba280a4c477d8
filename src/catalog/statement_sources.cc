#include "catalog/statement_sources.h"

#include <fmt/format.h>

#include "base/text.h"

namespace eider {
namespace {

// What a dataset's name stands for: its relation, with the columns that it shows.
std::string SelectOf(const Dataset& dataset) {
  std::vector<std::string> columns;
  for (const Column& column : dataset.columns) columns.push_back(QuoteIdentifier(column.name));
  return fmt::format("SELECT {} FROM {}", Join(columns, ", "), dataset.relation);
}

}  // namespace

void StatementSources::AddTable(const std::string& name, const Dataset& dataset) {
  statement_.tables[name] = SelectOf(dataset);
  Add(dataset);
}

void StatementSources::AddGlob(const std::string& glob, const Dataset& dataset) {
  statement_.globs[glob] = dataset.relation;
  Add(dataset);
}

void StatementSources::AddFiles(const std::string& glob, const std::shared_ptr<const Snapshot>& found) {
  auto& paths = statement_.files[glob];
  for (const auto& [key, object] : found->objects()) {
    paths.push_back("lake://" + key);
    digest_.Add(key);
    digest_.Add(object.etag);
  }
  snapshots_.push_back(found);
}

void StatementSources::Pin() {
  if (snapshots_.size() == 1) statement_.snapshot = snapshots_.front();
  if (snapshots_.size() > 1) statement_.snapshot = std::make_shared<Snapshot>(snapshots_);
}

void StatementSources::Add(const Dataset& dataset) {
  digest_.Add(dataset.version);
  statement_.catalogs.insert(dataset.catalogs.begin(), dataset.catalogs.end());
  snapshots_.push_back(dataset.snapshot);
}

}  // namespace eider
