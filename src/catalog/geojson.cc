#include "catalog/geojson.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/json_columns.h"
#include "catalog/lake_sql.h"

namespace eider {
namespace {

const Column* FindColumn(const std::vector<Column>& columns, std::string_view name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool IsStruct(const Column* column) { return column != nullptr && column->type.starts_with("STRUCT("); }

Result<bool> IsTrue(const LearnRequest& request, const std::string& condition, const std::string& source) {
  const std::string sql = fmt::format("SELECT coalesce({}, false) FROM {}", condition, source);
  const auto table = request.database.Query(LakeStatement(sql, request.snapshot, request.call), request.call.stop);
  if (!table) return table.error();
  return table->rows[0][0] == "true";
}

Result<bool> IsFeatureCollection(const LearnRequest& request, const std::vector<Column>& columns,
                                 const std::string& arguments) {
  const Column* features = FindColumn(columns, "features");
  if (!IsStruct(features) || !features->type.ends_with("[]") || FindColumn(columns, "type") == nullptr) return false;
  return IsTrue(request, "bool_and(type = 'FeatureCollection')", ReadJson(request, "{'type': 'VARCHAR'}", arguments));
}

// One feature a row, as the struct `f`, with the properties and members given.
std::string Features(const LearnRequest& request, const std::string& type, const std::string& arguments) {
  return fmt::format("(SELECT unnest(features) AS f, * EXCLUDE (features) FROM {})",
                     ReadJson(request, fmt::format("{{'features': {}}}", QuoteLiteral(type + "[]")), arguments));
}

// STRUCT(properties STRUCT(…), geometry JSON, id VARCHAR): the parts of a feature that are rows' columns.
std::string FeatureType(const std::vector<JsonColumn>& properties, const Column* id) {
  std::vector<std::string> fields;
  for (const JsonColumn& property : properties) {
    fields.push_back(QuoteIdentifier(property.name) + " " + property.type);
  }
  std::vector<std::string> parts = {"\"geometry\" JSON"};
  if (!fields.empty()) parts.push_back(fmt::format("\"properties\" STRUCT({})", Join(fields, ", ")));
  if (id != nullptr) parts.push_back("\"id\" " + id->type);
  return fmt::format("STRUCT({})", Join(parts, ", "));
}

// The members of a feature, or of its properties, as DuckDB guesses them.
Result<std::vector<Column>> Members(const LearnRequest& request, const std::string& guessed, const std::string& of) {
  return DescribeRelation(request.database, fmt::format("(SELECT unnest({}) FROM {})", of, guessed), request.snapshot,
                          request.call);
}

std::string SelectList(const std::vector<JsonColumn>& properties, bool id, bool points) {
  std::vector<std::string> items;
  const auto add = [&](std::string_view expression, const std::string& name) {
    const bool taken = std::any_of(properties.begin(), properties.end(),
                                   [&](const JsonColumn& property) { return ToLower(property.name) == name; });
    items.push_back(fmt::format("{} AS {}", expression, taken ? "feature_" + name : name));
  };
  if (id) add("f.id", "id");
  for (const JsonColumn& property : properties) {
    const std::string name = QuoteIdentifier(property.name);
    items.push_back(fmt::format("f.properties.{} AS {}", name, name));
  }
  if (points) {
    add("CAST(f.geometry ->> '$.coordinates[0]' AS DOUBLE)", "longitude");
    add("CAST(f.geometry ->> '$.coordinates[1]' AS DOUBLE)", "latitude");
  }
  add("f.geometry", "geometry");
  return Join(items, ", ");
}

}  // namespace

Result<std::optional<std::string>> FeatureRelation(const LearnRequest& request, const std::vector<Column>& columns,
                                                   const std::string& arguments) {
  const auto collection = IsFeatureCollection(request, columns, arguments);
  if (!collection) return collection.error();
  if (!*collection) return std::optional<std::string>();
  const std::string& list = FindColumn(columns, "features")->type;
  const std::string guessed = Features(request, list.substr(0, list.size() - 2), arguments);
  const auto members = Members(request, guessed, "f");
  if (!members) return members.error();
  const Column* id = FindColumn(*members, "id");
  std::vector<JsonColumn> properties;
  if (IsStruct(FindColumn(*members, "properties"))) {
    const auto found = Members(request, guessed, "f.properties");
    if (!found) return found.error();
    for (const Column& property : *found) properties.push_back({property.name, property.type});
  }
  const ReadAs read = [&](const std::vector<JsonColumn>& as) {
    return Features(request, FeatureType(as, id), arguments);
  };
  if (auto status = CorrectTypes(request, read, "f.properties.", properties); !status) return status.error();
  const std::string features = read(properties);
  const auto points = IsTrue(request, "bool_and(f.geometry ->> '$.type' = 'Point')", features);
  if (!points) return points.error();
  return std::optional(
      fmt::format("(SELECT {}, * EXCLUDE (f) FROM {})", SelectList(properties, id != nullptr, *points), features));
}

}  // namespace eider
