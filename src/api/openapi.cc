#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/describe.h"
#include "api/openapi_query.h"
#include "base/text.h"
#include "download/format.h"
#include "download/request.h"

namespace eider {
namespace {

namespace json = boost::json;

json::object Parameter(const std::string& name, const std::string& description, json::object schema) {
  return {{"name", name}, {"in", "query"}, {"description", description}, {"schema", std::move(schema)}};
}

json::object Text() { return {{"type", "string"}}; }

json::object Reference(const std::string& name) { return {{"$ref", "#/components/" + name}}; }

json::array CommonParameters() {
  const json::object flag{{"type", "string"}, {"enum", {"1", "0"}}};
  return {
      Parameter("_columns", "Columns to answer, in this order, with commas between them", Text()),
      Parameter("_sort", "Columns to sort by, with commas; a '-' in front sorts descending", Text()),
      Parameter("_limit", "At most so many rows", {{"type", "integer"}, {"minimum", 0}}),
      Parameter("_after", "Token of the next page, from a Link header", Text()),
      Parameter("_count", "The number of rows instead of rows", flag),
      Parameter("_order", "'any' gives up the source's order for speed",
                {{"type", "string"}, {"enum", {"source", "any"}}}),
      Parameter("_dry_run", "What the download would cost, without rows", flag),
      Parameter("_view", "To be shown by a browser instead of saved", flag),
      Parameter("_receipt", "Rows and digest of an earlier download, by its Eider-Request-Id", Text()),
  };
}

json::object Problems() {
  json::object responses;
  for (const char* status :
       {"400", "401", "403", "404", "405", "406", "413", "416", "429", "500", "502", "503", "504"}) {
    responses[status] = Reference("responses/problem");
  }
  return responses;
}

// Filters of a column: plain and with each operator that fits its type.
void AddFilters(const Dataset& dataset, json::array& parameters) {
  for (const Column& column : dataset.columns) {
    const auto& filters = dataset.config.filters;
    if (filters && std::find(filters->begin(), filters->end(), column.name) == filters->end()) continue;
    for (const Operator op : OperatorsOf(column.type_class)) {
      const std::string suffix = op == Operator::kEq ? std::string() : fmt::format("__{}", OperatorName(op));
      parameters.emplace_back(
          Parameter(column.name + suffix, fmt::format("{} ({})", OperatorName(op), column.type), Text()));
    }
  }
}

json::object DownloadPath(const Dataset& dataset) {
  json::array parameters;
  json::array extensions;
  for (const std::string& extension : ExtensionsFor(dataset)) extensions.emplace_back(extension);
  parameters.emplace_back(json::object{{"name", "format"},
                                       {"in", "path"},
                                       {"required", true},
                                       {"schema", {{"type", "string"}, {"enum", std::move(extensions)}}}});
  for (const auto& common : CommonParameters()) parameters.push_back(common);
  AddFilters(dataset, parameters);
  json::object responses = Problems();
  json::object content;
  for (const FormatInfo& info : Formats()) content[Split(info.media_type, ';').front()] = json::object();
  responses["200"] = {{"description", "The rows"}, {"content", content}};
  responses["206"] = {{"description", "A part of the bytes"}, {"content", content}};
  responses["304"] = {{"description", "Not modified"}};
  const std::string title = dataset.config.title.empty() ? dataset.config.name : dataset.config.title;
  return {{"get",
           {{"operationId", "download-" + dataset.config.name},
            {"summary", "Download " + title},
            {"parameters", std::move(parameters)},
            {"responses", std::move(responses)}}}};
}

json::object JsonPath(const std::string& id, const std::string& summary) {
  json::object responses = Problems();
  responses["200"] = {{"description", summary}, {"content", {{"application/json", json::object()}}}};
  return {{"get", {{"operationId", id}, {"summary", summary}, {"responses", std::move(responses)}}}};
}

}  // namespace

std::string DescribeApi(const std::string& title, bool anonymous,
                        const std::vector<std::shared_ptr<const Dataset>>& datasets) {
  json::object paths;
  paths["/datasets"] = JsonPath("datasets", "All datasets");
  paths["/lineage.json"] = JsonPath("lineage", "What is made from what: models, views and the datasets that they read");
  AddQueryPaths(paths);
  for (const auto& dataset : datasets) {
    const std::string& name = dataset->config.name;
    paths[fmt::format("/{}.{{format}}", name)] = DownloadPath(*dataset);
    paths["/" + name] = JsonPath("describe-" + name, "Columns, size and statistics of " + name);
  }
  const json::object problem{{"type", "object"},
                             {"required", {"type", "title", "status", "detail", "request_id"}},
                             {"properties",
                              {{"type", Text()},
                               {"title", Text()},
                               {"status", {{"type", "integer"}}},
                               {"detail", Text()},
                               {"parameter", Text()},
                               {"request_id", Text()}}}};
  const json::object components{
      {"schemas", {{"problem", problem}}},
      {"responses",
       {{"problem",
         {{"description", "What is wrong, and what is allowed (RFC 9457)"},
          {"content", {{"application/problem+json", {{"schema", Reference("schemas/problem")}}}}}}}}},
      {"securitySchemes",
       {{"bearer",
         {{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key, as Authorization: Bearer KEY"}}},
        {"header", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-Api-Key"}, {"description", "The same key"}}}}}};
  // An empty requirement says that it may go without (OpenAPI 3.1 section 4.8.30).
  json::array security{json::object{{"bearer", json::array()}}, json::object{{"header", json::array()}}};
  if (anonymous) security.emplace_back(json::object());
  return json::serialize(json::object{{"openapi", "3.1.0"},
                                      {"info", {{"title", title}, {"version", "1"}}},
                                      {"security", std::move(security)},
                                      {"paths", std::move(paths)},
                                      {"components", components}}) +
         "\n";
}

}  // namespace eider
