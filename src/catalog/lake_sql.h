// The pieces of SQL that read a dataset's objects, and the errors that come back from them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace eider {

// ['lake://a', 'lake://b']
std::string PathList(std::span<const ObjectInfo> objects);

// A statement that reads the snapshot, within what is left of the call's time.
Statement LakeStatement(std::string sql, std::shared_ptr<const Snapshot> snapshot, const Call& call);

// The columns of a relation.
Result<std::vector<Column>> DescribeRelation(Database& database, const std::string& relation,
                                             const std::shared_ptr<const Snapshot>& snapshot, const Call& call);

// Whether the error speaks of the bytes that were read, and not of the store, a limit or the caller.
bool IsAboutContent(const Error& error);

// The first lines of what DuckDB says, without its hints at options that a reader of Eider does not have, and with keys
// instead of lake:// paths.
std::string PlainMessage(const Error& error);

}  // namespace eider
