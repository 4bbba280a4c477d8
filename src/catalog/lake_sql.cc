#include "catalog/lake_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace eider {

std::string PathList(std::span<const ObjectInfo> objects) {
  std::vector<std::string> paths;
  for (const ObjectInfo& object : objects) paths.push_back(QuoteLiteral("lake://" + object.key));
  return "[" + Join(paths, ", ") + "]";
}

Statement LakeStatement(std::string sql, std::shared_ptr<const Snapshot> snapshot, const Call& call) {
  Statement statement;
  statement.sql = std::move(sql);
  statement.snapshot = std::move(snapshot);
  if (call.deadline != SteadyTime::max()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline - SystemSteadyClock()());
    statement.limits.time = std::max(left, std::chrono::milliseconds(1));
  }
  return statement;
}

Result<std::vector<Column>> DescribeRelation(Database& database, const std::string& relation,
                                             const std::shared_ptr<const Snapshot>& snapshot, const Call& call) {
  return database.Describe(LakeStatement("SELECT * FROM " + relation, snapshot, call));
}

bool IsAboutContent(const Error& error) {
  return error.kind == ErrorKind::kInvalid || error.kind == ErrorKind::kCorrupt ||
         error.kind == ErrorKind::kUnsupported || error.kind == ErrorKind::kInternal;
}

std::string PlainMessage(const Error& error) {
  std::vector<std::string> kept;
  for (const std::string& line : Split(error.message, '\n')) {
    if (line.empty() || line.starts_with("Possible") || line.starts_with("LINE ") || line.starts_with("Column ")) break;
    if (line.starts_with("Try setting") || line.starts_with("It was not possible")) break;
    kept.push_back(line);
  }
  std::string text = Join(kept, "; ");
  for (std::size_t at = text.find("lake://"); at != std::string::npos; at = text.find("lake://", at)) text.erase(at, 7);
  return text;
}

}  // namespace eider
