#include "api/openapi_query.h"

#include <cstdint>
#include <limits>

#include "base/text.h"
#include "download/format.h"

namespace eider {
namespace {

namespace json = boost::json;

json::object Of(const char* type, const char* description) { return {{"type", type}, {"description", description}}; }

json::object Problem() { return {{"$ref", "#/components/responses/problem"}}; }

json::object Params() {
  const json::object value{{"type", {"string", "number", "boolean", "null"}}};
  return {{"description", "Values of $1, $2, … as a list, of $name as an object"},
          {"type", {"array", "object", "null"}},
          {"items", value},
          {"propertyNames", {{"minLength", 1}}},
          {"additionalProperties", value}};
}

json::object RowLimit(const char* description) {
  return {{"type", {"integer", "null"}},
          {"minimum", 0},
          {"maximum", std::numeric_limits<std::uint64_t>::max()},
          {"description", description}};
}

json::object PathParameter(const char* name, const char* description) {
  return {{"name", name},
          {"in", "path"},
          {"required", true},
          {"description", description},
          {"schema", {{"type", "string"}}}};
}

json::object JsonBody(bool required, json::object schema) {
  return {{"required", required}, {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
}

// What any request may be answered: it is none, its key is none or two, its client or the server has too much to do.
constexpr const char* kOfAnyRequest[] = {"400", "401", "413", "414", "429", "431", "500", "503"};

void AddProblems(json::object& responses, std::initializer_list<const char*> statuses) {
  for (const char* status : kOfAnyRequest) responses[status] = Problem();
  for (const char* status : statuses) responses[status] = Problem();
}

// The answer to "into".
json::object Written() {
  json::object url = Of("string", "Where it is downloaded from, at this server: GET, with ranges and an ETag");
  url["format"] = "uri-reference";
  json::object expires = Of("string", "When the link ends");
  expires["format"] = "date-time";
  json::object members{{"url", std::move(url)},
                       {"format", {{"type", "string"}}},
                       {"rows", {{"type", "integer"}}},
                       {"bytes", {{"type", "integer"}}},
                       {"expires", std::move(expires)}};
  return {{"description", "The rows were written into the lake"},
          {"headers", {{"Location", {{"schema", {{"type", "string"}}}}}}},
          {"content", {{"application/json", {{"schema", {{"type", "object"}, {"properties", std::move(members)}}}}}}}};
}

json::object ResultPath() {
  json::object responses{{"200", {{"description", "The rows, in the format of the name"}}},
                         {"206", {{"description", "The range of it that was asked for"}}},
                         {"304", {{"description", "It is what the client has"}}},
                         {"307",
                          {{"description", "As a function, which cannot carry so much: an address of the store's own"},
                           {"headers", {{"Location", {{"schema", {{"type", "string"}}}}}}}}}};
  AddProblems(responses, {"404", "410", "416", "502", "504"});
  return {{"get",
           {{"operationId", "result"},
            {"summary", "Download an answer that was written into the lake, by the url of its query"},
            {"parameters",
             {PathParameter("id", "Of the url; what a key has asked is for that key"),
              PathParameter("file", "NAME.FORMAT")}},
            {"responses", std::move(responses)}}}};
}

json::object QueryPath() {
  json::array formats;
  json::object content;
  for (const FormatInfo& info : Formats()) {
    if (info.format == Format::kGeoJson) continue;
    formats.emplace_back(info.extension);
    content[Split(info.media_type, ';').front()] = json::object();
  }
  json::object responses{{"200",
                          {{"description", "The rows, or the cost of a dry run"},
                           {"headers",
                            {{"Eider-Next",
                              {{"description", "Of a page: the token of the next one; not there at the last"},
                               {"schema", {{"type", "string"}}}}}}},
                           {"content", std::move(content)}}}};
  responses["201"] = Written();
  responses["303"] = Written();
  responses["303"].as_object()["description"] = "As 201, of rows that a function cannot carry";
  AddProblems(responses, {"403", "404", "406", "415", "502", "504"});
  json::object properties{
      {"sql", {{"type", "string"}, {"minLength", 1}, {"description", "One SELECT; a dataset is a table"}}},
      {"params", Params()},
      {"limit", RowLimit("At most so many rows")},
      {"format", {{"type", "string"}, {"enum", std::move(formats)}, {"description", "Instead of Accept; else json"}}},
      {"key",
       {{"type", "array"},
        {"items", {{"type", "string"}}},
        {"description",
         "Pages of 'limit' rows: columns of the answer that, with those of ORDER BY, tell any two rows apart. The "
         "header "
         "Eider-Next, in JSON metadata.next as well, has the token of the next page"}}},
      {"after", {{"type", {"string", "null"}}, {"description", "The token of the page before; null: the first page"}}},
      {"into", Of("string", "results/NAME.FORMAT: write the rows into the lake, and answer a link to them")},
      {"metadata", Of("boolean", "What it took: metadata.stats beside data in JSON, the head of other formats")},
      {"dry_run", Of("boolean", "What the query would read and cost, without rows")}};
  return {{"post",
           {{"operationId", "query"},
            {"summary", "Ask in SQL"},
            {"requestBody", JsonBody(true, {{"type", "object"},
                                            {"properties", std::move(properties)},
                                            {"required", json::array{"sql"}},
                                            {"additionalProperties", false}})},
            {"responses", std::move(responses)}}}};
}

json::object CancelPath() {
  json::object responses{{"204", {{"description", "Cancelled"}}}};
  AddProblems(responses, {"404"});
  return {{"delete",
           {{"operationId", "cancel-query"},
            {"summary", "Cancel a query whose answer is under way"},
            {"parameters", {PathParameter("id", "The Eider-Request-Id of the answer")}},
            {"responses", std::move(responses)}}}};
}

// What is no order at all is told as Lambda does; all else that is wrong is a function's error, with 200.
json::object NoOrder() {
  json::object error{{"type", "object"}, {"required", {"Type", "message"}}};
  return {{"description", "The payload is no JSON object"},
          {"content",
           {{"application/json", {{"schema", std::move(error)}}},
            {"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/problem"}}}}}}}};
}

json::object InvocationPath(const char* id, const char* summary, const char* media_type) {
  json::object properties{{"q", {{"type", {"string", "null"}}, {"description", "One SELECT; null: no rows"}}},
                          {"limit", RowLimit("At most so many rows; else 20")},
                          {"params", Params()}};
  json::object responses{
      {"200",
       {{"description", "metadata and data.records; with X-Amz-Function-Error: errorMessage and errorType"},
        {"content", {{media_type, json::object()}}}}},
      {"204", {{"description", "X-Amz-Invocation-Type: DryRun"}}}};
  AddProblems(responses, {});
  responses["400"] = NoOrder();
  return {{"post",
           {{"operationId", id},
            {"summary", summary},
            {"parameters", {PathParameter("function", "Whatever the client calls it")}},
            {"requestBody", JsonBody(false, {{"type", "object"}, {"properties", std::move(properties)}})},
            {"responses", std::move(responses)}}}};
}

}  // namespace

void AddQueryPaths(json::object& paths) {
  paths["/query"] = QueryPath();
  paths["/query/{id}"] = CancelPath();
  paths["/results/{id}/{file}"] = ResultPath();
  paths["/2015-03-31/functions/{function}/invocations"] =
      InvocationPath("invoke", "Ask as a Lambda client does", "application/json");
  paths["/2021-11-15/functions/{function}/response-streaming-invocations"] = InvocationPath(
      "invoke-streaming", "The same, streamed in Lambda's framing", "application/vnd.amazon.eventstream");
}

}  // namespace eider
