#include <fmt/format.h>

#include "catalog/hive.h"
#include "catalog/lake_sql.h"
#include "catalog/learn.h"

namespace eider {

Result<Learned> LearnCsv(const LearnRequest& request) {
  const auto hive = LearnHive(request.sources.objects, request.config);
  if (!hive) return hive.error();
  Learned learned;
  learned.relation =
      fmt::format("read_csv({}{}, allow_quoted_nulls=false)", PathList(request.sources.objects), HiveArguments(*hive));
  auto columns = DescribeRelation(request.database, learned.relation, request.snapshot, request.call);
  if (!columns) return columns.error();
  learned.columns = *std::move(columns);
  return learned;
}

}  // namespace eider
