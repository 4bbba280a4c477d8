// What the names in a statement's SELECT stand for: put into the statement one by one, and pinned together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "catalog/catalog.h"

namespace eider {

class StatementSources {
 public:
  // `statement` must outlive this.
  explicit StatementSources(Statement& statement) : statement_(statement) {}

  void AddTable(const std::string& name, const Dataset& dataset);
  void AddGlob(const std::string& glob, const Dataset& dataset);
  void AddFiles(const std::string& glob, const std::shared_ptr<const Snapshot>& found);

  // Once all are added: the statement reads them as they were found.
  void Pin();

  // Of the versions of all that was added, for more to be added to.
  PartsDigest& digest() { return digest_; }

 private:
  void Add(const Dataset& dataset);

  Statement& statement_;
  std::vector<std::shared_ptr<const Snapshot>> snapshots_;
  PartsDigest digest_;
};

// A quoted path such as FROM 'flights/*.parquet' is a glob; no dataset's name has these characters.
inline bool IsGlobName(const std::string& name) { return !IsDatasetName(name); }

}  // namespace eider
