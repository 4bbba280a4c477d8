#include "api/query_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "download/format.h"

namespace eider {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kInvocationRows = 20;

// A page is computed into memory before it is sent.
constexpr std::uint64_t kMostPageRows = 100'000;

Result<json::object> ParseObject(std::string_view body) {
  boost::system::error_code failed;
  json::value parsed = json::parse({body.data(), body.size()}, failed);
  if (failed) return Invalid(fmt::format("the body is not JSON: {}", failed.message()));
  if (!parsed.is_object()) return Invalid("the body is JSON, but no object");
  return std::move(parsed.as_object());
}

Result<BoundValue> ParseParam(const json::value& value, std::string name) {
  BoundValue bound;
  bound.name = std::move(name);
  switch (value.kind()) {
    case json::kind::null: bound.is_null = true; break;
    case json::kind::bool_:
      bound.type = "BOOLEAN";
      bound.text = value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      bound.type = "BIGINT";
      bound.text = std::to_string(value.get_int64());
      break;
    case json::kind::uint64:
      bound.type = "UBIGINT";
      bound.text = std::to_string(value.get_uint64());
      break;
    case json::kind::double_:
      bound.type = "DOUBLE";
      bound.text = fmt::format("{}", value.get_double());
      break;
    case json::kind::string: bound.text = value.get_string(); break;
    default: return Invalid("a value of 'params' is a text, a number, true, false or null", "params");
  }
  return bound;
}

Result<std::vector<BoundValue>> ParseParams(const json::value& params) {
  std::vector<BoundValue> values;
  if (params.is_null()) return values;
  if (!params.is_array() && !params.is_object()) {
    return Invalid("'params' is a list for $1, $2, … or an object for $name", "params");
  }
  const auto add = [&](const json::value& param, std::string name) -> Status {
    auto value = ParseParam(param, std::move(name));
    if (!value) return value.error();
    values.push_back(*std::move(value));
    return {};
  };
  if (params.is_array()) {
    for (const json::value& param : params.get_array()) {
      if (auto status = add(param, {}); !status) return status.error();
    }
    return values;
  }
  for (const auto& [name, param] : params.get_object()) {
    if (name.empty()) return Invalid("a name in 'params' is empty", "params");
    if (auto status = add(param, std::string(name)); !status) return status.error();
  }
  return values;
}

Result<std::uint64_t> ParseLimit(const json::value& limit) {
  boost::system::error_code failed;
  const auto rows = limit.to_number<std::uint64_t>(failed);
  if (failed) return Invalid(fmt::format("'limit' is a number of rows, not {}", json::serialize(limit)), "limit");
  return rows;
}

Result<std::vector<std::string>> ParseKey(const json::value& value) {
  const Error wrong = Invalid(
      "'key' is a list of columns of the answer that, with those of ORDER BY, tell any two rows apart, such as "
      "[\"id\"]",
      "key");
  if (!value.is_array()) return wrong;
  std::vector<std::string> key;
  for (const json::value& column : value.get_array()) {
    if (!column.is_string()) return wrong;
    key.emplace_back(column.get_string());
  }
  return key;
}

// What belongs together is there together.
Status CheckPage(const QueryOrder& order) {
  const QueryRequest& query = order.query;
  if (!query.key) {
    return query.after.empty() ? Status()
                               : Status(Invalid("'after' needs the 'key' that its token was made with", "key"));
  }
  if (!query.limit || *query.limit == 0 || *query.limit > kMostPageRows) {
    return Invalid(fmt::format("pages, which 'key' asks for, need a 'limit' of 1 to {} rows", kMostPageRows), "limit");
  }
  if (order.into) return Invalid("an answer is written whole: leave out 'key' or 'into'", "into");
  return {};
}

Result<Format> FormatOf(std::string_view name) {
  std::vector<std::string> known;
  for (const FormatInfo& info : Formats()) {
    if (info.format == Format::kGeoJson) continue;
    if (info.extension == name) return info.format;
    known.emplace_back(info.extension);
  }
  return Error{
      ErrorKind::kUnsupported,
      fmt::format("a query has no format '{}'.{} Formats are: {}", name, DidYouMean(name, known), Join(known, " ")),
      "format"};
}

Status ParseMember(std::string_view name, const json::value& value, QueryOrder& order, std::string& format) {
  if (name == "sql") {
    if (!value.is_string()) return Invalid("'sql' is a text", "sql");
    order.query.sql = value.get_string();
  } else if (name == "params") {
    auto values = ParseParams(value);
    if (!values) return values.error();
    order.query.values = *std::move(values);
  } else if (name == "limit") {
    if (value.is_null()) return {};
    const auto rows = ParseLimit(value);
    if (!rows) return rows.error();
    order.query.limit = *rows;
  } else if (name == "format") {
    if (!value.is_string()) return Invalid("'format' is a text such as \"csv\"", "format");
    format = value.get_string();
  } else if (name == "key") {
    auto key = ParseKey(value);
    if (!key) return key.error();
    order.query.key = *std::move(key);
  } else if (name == "after") {
    if (value.is_null()) return {};
    if (!value.is_string() || value.get_string().empty()) {
      return Invalid("'after' is the token of the page before, or null for the first page", "after");
    }
    order.query.after = value.get_string();
  } else if (name == "into") {
    if (!value.is_string()) return Invalid("'into' is a text such as \"results/late.parquet\"", "into");
    auto into = ParseInto(value.get_string());
    if (!into) return into.error();
    order.into = *std::move(into);
  } else if (name == "dry_run") {
    if (!value.is_bool()) return Invalid("'dry_run' is true or false", "dry_run");
    order.dry_run = value.get_bool();
  } else if (name == "metadata") {
    if (!value.is_bool()) return Invalid("'metadata' is true or false", "metadata");
    order.metadata = value.get_bool();
  } else {
    static const std::vector<std::string> kMembers = {"sql",   "params", "limit",   "format",  "key",
                                                      "after", "into",   "dry_run", "metadata"};
    return Invalid(fmt::format("there is no member '{}'.{} Members are: {}", name, DidYouMean(name, kMembers),
                               Join(kMembers, " ")),
                   std::string(name));
  }
  return {};
}

}  // namespace

Result<QueryOrder> ParseQueryOrder(std::string_view body, std::string_view accept) {
  const auto object = ParseObject(body);
  if (!object) return object.error();
  QueryOrder order;
  order.query.confined = true;
  order.query.format = Format::kJson;
  std::string format;
  for (const auto& [name, value] : *object) {
    if (auto status = ParseMember(name, value, order, format); !status) return status.error();
  }
  if (order.query.sql.empty()) return Invalid("there is no 'sql'", "sql");
  if (auto status = CheckPage(order); !status) return status.error();
  if (!format.empty()) {
    const auto named = FormatOf(format);
    if (!named) return named.error();
    order.query.format = *named;
    if (order.into && order.into->format != *named) {
      return Invalid(fmt::format("'into' ends in another format than 'format' says, {}; leave one of them out", format),
                     "format");
    }
  } else if (order.into) {
    order.query.format = order.into->format;
  } else {
    const auto accepted = FormatByAccept(accept);
    if (!accepted) return accepted.error();
    if (*accepted) {
      const auto offered = FormatOf(InfoOf(**accepted).extension);
      if (!offered) return offered.error();
      order.query.format = *offered;
    }
  }
  return order;
}

Result<std::optional<QueryRequest>> ParseInvocation(std::string_view payload) {
  if (payload.empty()) return std::optional<QueryRequest>();
  const auto object = ParseObject(payload);
  if (!object) return object.error();
  const json::value* q = object->if_contains("q");
  if (q == nullptr || q->is_null()) return std::optional<QueryRequest>();
  if (!q->is_string()) return Invalid("'q' is a text or null", "q");
  QueryRequest query;
  query.sql = q->get_string();
  query.confined = true;
  query.format = Format::kJson;
  query.limit = kInvocationRows;
  if (const json::value* limit = object->if_contains("limit"); limit != nullptr && !limit->is_null()) {
    const auto rows = ParseLimit(*limit);
    if (!rows) return rows.error();
    query.limit = *rows;
  }
  if (const json::value* params = object->if_contains("params")) {
    auto values = ParseParams(*params);
    if (!values) return values.error();
    query.values = *std::move(values);
  }
  return std::optional(std::move(query));
}

}  // namespace eider
