#include "model/model_tests.h"

#include <fmt/format.h>

#include "base/text.h"

namespace eider {
namespace {

std::string_view KindName(ModelTest::Kind kind) {
  switch (kind) {
    case ModelTest::Kind::kNotNull: return "not_null";
    case ModelTest::Kind::kUnique: return "unique";
    case ModelTest::Kind::kAcceptedValues: return "accepted_values";
    case ModelTest::Kind::kRelationships: return "relationships";
  }
  return {};
}

std::string Lake(const std::string& name) { return "lake." + QuoteIdentifier(name); }

// How many rows are wrong, and the least of their values.
std::string SqlOf(const Model& model, const ModelTest& test) {
  const std::string column = QuoteIdentifier(test.column);
  const std::string head = fmt::format("SELECT count(*), min({})::VARCHAR FROM ", column);
  switch (test.kind) {
    case ModelTest::Kind::kNotNull: return fmt::format("{}{} WHERE {} IS NULL", head, Lake(model.name), column);
    case ModelTest::Kind::kUnique:
      return fmt::format("{0}(SELECT {1} FROM {2} WHERE {1} IS NOT NULL GROUP BY {1} HAVING count(*) > 1)", head,
                         column, Lake(model.name));
    case ModelTest::Kind::kAcceptedValues: {
      std::vector<std::string> values;
      for (const std::string& value : test.values) values.push_back(QuoteLiteral(value));
      return fmt::format("{}{} WHERE {} NOT IN ({})", head, Lake(model.name), column, Join(values, ", "));
    }
    case ModelTest::Kind::kRelationships:
      return fmt::format(
          "{0}{1} AS here WHERE {2} IS NOT NULL AND NOT EXISTS (FROM {3} AS there WHERE there.{4} = "
          "here.{2})",
          head, Lake(model.name), column, Lake(test.to), QuoteIdentifier(test.field));
  }
  return {};
}

std::string Complaint(const ModelTest& test, const std::string& count, const std::string& example) {
  const std::string such = example.empty() ? "" : fmt::format(", such as '{}'", example);
  switch (test.kind) {
    case ModelTest::Kind::kNotNull: return fmt::format("{} rows have none", count);
    case ModelTest::Kind::kUnique: return fmt::format("{} values are there more than once{}", count, such);
    case ModelTest::Kind::kAcceptedValues: return fmt::format("{} rows have another value{}", count, such);
    case ModelTest::Kind::kRelationships:
      return fmt::format("{} rows have a value that is not in {}.{}{}", count, test.to, test.field, such);
  }
  return {};
}

}  // namespace

std::string TestName(const Model& model, const ModelTest& test) {
  return fmt::format("{} {}.{}", KindName(test.kind), model.name, test.column);
}

Status RunTest(const Model& model, const ModelTest& test, const std::shared_ptr<const Dataset>& rows,
               Database& database, Catalog& catalog, const Call& call) {
  const auto statement = catalog.MakeStatement(SqlOf(model, test), call, rows);
  if (!statement) return statement.error();
  const auto table = database.Query(*statement, call.stop);
  if (!table) return table.error();
  const auto& row = table->rows.at(0);
  const std::string count = row.at(0).value_or("0");
  return count == "0" ? Status() : Status(Invalid(Complaint(test, count, row.at(1).value_or(""))));
}

Status RunTest(const QueryTest& test, Database& database, Catalog& catalog, const Call& call) {
  auto statement = catalog.MakeStatement(test.sql, call);
  if (!statement) return statement.error();
  if (const auto bound = database.Describe(*statement); !bound) return bound.error();
  const auto sql = database.Expand(*statement);
  if (!sql) return sql.error();
  Statement count;
  count.sql = fmt::format("SELECT count(*) FROM ({})", *sql);
  count.snapshot = statement->snapshot;
  const auto table = database.Query(count, call.stop);
  if (!table) return table.error();
  const std::string rows = table->rows.at(0).at(0).value_or("0");
  return rows == "0" ? Status() : Status(Invalid(fmt::format("{} rows, and there must be none", rows)));
}

}  // namespace eider
