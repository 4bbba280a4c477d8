#include "lambda/http_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"

namespace eider {
namespace {

// The door's own.
bool IsOwnedByDoor(const std::string& lower) {
  static constexpr std::array<std::string_view, 5> kOwned = {"connection", "content-length", "date", "trailer",
                                                             "transfer-encoding"};
  return std::find(kOwned.begin(), kOwned.end(), lower) != kOwned.end();
}

// Each name once, in lower case, with its values.
using Fields = std::vector<std::pair<std::string, std::vector<std::string>>>;

Fields FieldsOf(const Response& response) {
  Fields fields;
  for (const Header& header : response.headers) {
    const std::string name = ToLower(header.name);
    if (IsOwnedByDoor(name)) continue;
    auto same = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
    if (same == fields.end()) same = fields.insert(fields.end(), {name, {}});
    same->second.push_back(header.value);
  }
  return fields;
}

std::string Object(const Fields& fields, bool lists) {
  std::vector<std::string> members;
  for (const auto& [name, values] : fields) {
    std::vector<std::string> quoted;
    for (const std::string& value : values) quoted.push_back(JsonQuote(value));
    members.push_back(JsonQuote(name) + ":" + (lists ? "[" + Join(quoted, ",") + "]" : JsonQuote(Join(values, ", "))));
  }
  return "{" + Join(members, ",") + "}";
}

}  // namespace

std::string Prelude(const Response& response, bool empty) {
  Fields fields = FieldsOf(response);
  if (empty) fields.push_back({"content-length", {"0"}});
  return fmt::format(R"({{"statusCode":{},"headers":{},"cookies":[]}})", response.status, Object(fields, false));
}

std::string Envelope(const Response& response, std::string_view body, HttpDoor door, bool multi_value) {
  const Fields fields = FieldsOf(response);
  std::string head = fmt::format(R"("statusCode":{})", response.status);
  const bool balancer = door == HttpDoor::kLoadBalancer;
  if (balancer) {
    head += fmt::format(R"(,"statusDescription":{})",
                        JsonQuote(fmt::format("{} {}", response.status, StatusTitle(response.status))));
  }
  // A load balancer that was told to speak of lists ignores the others.
  const bool lists = balancer && multi_value;
  head += fmt::format(R"(,"{}":{})", lists ? "multiValueHeaders" : "headers", Object(fields, lists));
  const bool coded = !response.Find("Content-Encoding").empty() || !IsCleanUtf8(body);
  return fmt::format(R"({{{},"isBase64Encoded":{},"body":{}}})", head, coded,
                     coded ? "\"" + Base64(body) + "\"" : JsonQuote(body));
}

std::uint64_t EnvelopeBytes(HttpDoor door) {
  // "Lambda functions as targets" of the load balancer's guide; and Lambda's own limit, which is below API Gateway's.
  return door == HttpDoor::kLoadBalancer ? 1'000'000 : 6'291'556;
}

bool HasBody(int status, std::string_view method) {
  return method != "HEAD" && status != 204 && status != 304 && status / 100 != 1;
}

}  // namespace eider
