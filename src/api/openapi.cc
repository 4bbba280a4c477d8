#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/describe.h"
#include "api/openapi_parameters.h"
#include "api/openapi_query.h"
#include "base/text.h"
#include "download/format.h"

namespace eider {
namespace {

namespace json = boost::json;

json::object Text() { return {{"type", "string"}}; }

json::object Reference(const std::string& name) { return {{"$ref", "#/components/" + name}}; }

json::object Problems() {
  json::object responses;
  for (const char* status :
       {"400", "401", "403", "404", "405", "406", "413", "414", "416", "429", "431", "500", "502", "503", "504"}) {
    responses[status] = Reference("responses/problem");
  }
  return responses;
}

json::object DownloadPath(const Dataset& dataset) {
  json::array parameters = DownloadParameters(dataset);
  json::array extensions;
  for (const std::string& extension : ExtensionsFor(dataset)) extensions.emplace_back(extension);
  parameters.insert(parameters.begin(),
                    json::object{{"name", "format"},
                                 {"in", "path"},
                                 {"required", true},
                                 {"schema", {{"type", "string"}, {"enum", std::move(extensions)}}}});
  json::object responses = Problems();
  json::object content;
  for (const FormatInfo& info : Formats()) content[Split(info.media_type, ';').front()] = json::object();
  responses["200"] = {{"description", "The rows"}, {"content", content}};
  responses["206"] = {{"description", "A part of the bytes"}, {"content", content}};
  responses["303"] = {
      {"description", "As a function, which cannot carry so much: the rows were written into the lake, and are there"},
      {"headers", {{"Location", {{"schema", {{"type", "string"}}}}}}}};
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
  responses["200"] = {{"description", summary},
                      {"content", {{"application/json", {{"schema", {{"type", "object"}}}}}}}};
  return {{"get", {{"operationId", id}, {"summary", summary}, {"responses", std::move(responses)}}}};
}

// A dataset may bear the name of a route: 'query' is asked by POST, and what stands at /datasets is the list.
void AddGet(json::object& paths, const std::string& path, json::object item) {
  paths.emplace(path, json::object()).first->value().as_object().emplace("get", std::move(item.at("get")));
}

}  // namespace

std::string DescribeApi(const std::string& title, bool anonymous,
                        const std::vector<std::shared_ptr<const Dataset>>& datasets) {
  json::object paths;
  paths["/datasets"] = JsonPath("datasets", "All datasets");
  paths["/lineage.json"] = JsonPath("lineage", "What is made from what: models, views and the datasets that they read");
  json::object catalog = JsonPath("catalog", "Tables of an attached catalog of others");
  catalog["get"].as_object()["parameters"] =
      json::array{json::object{{"name", "name"}, {"in", "path"}, {"required", true}, {"schema", Text()}}};
  paths["/catalogs/{name}"] = std::move(catalog);
  AddQueryPaths(paths);
  for (const auto& dataset : datasets) {
    const std::string& name = dataset->config.name;
    paths[fmt::format("/{}.{{format}}", name)] = DownloadPath(*dataset);
    AddGet(paths, "/" + name, JsonPath("describe-" + name, "Columns, size and statistics of " + name));
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
