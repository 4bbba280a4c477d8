#include "lambda/event.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

namespace eider {
namespace {

namespace json = boost::json;

std::string TextOf(const json::value& value, std::string_view name) {
  if (!value.is_object()) return {};
  const json::value* found = value.get_object().if_contains({name.data(), name.size()});
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

// Where a record comes from: SNS writes the member with a capital.
std::string SourceOf(const json::value& record) {
  const std::string source = TextOf(record, "eventSource");
  return source.empty() ? TextOf(record, "EventSource") : source;
}

Result<Event> ParseQueue(const json::array& records) {
  QueueBatch batch;
  for (const json::value& record : records) {
    const std::string id = TextOf(record, "messageId");
    if (id.empty()) return Invalid(fmt::format("message {} of SQS has no messageId", batch.messages.size() + 1));
    batch.messages.push_back({id, ReadObjectEvents(TextOf(record, "body"))});
  }
  return Event(std::move(batch));
}

Result<Event> ParseNotifications(const json::array& records) {
  ObjectEvents all;
  for (const json::value& record : records) {
    const json::value* sns = record.as_object().if_contains("Sns");
    if (sns == nullptr) return Invalid("a record of SNS has no 'Sns'");
    auto events = ParseObjectEvents(*sns);
    if (!events) return events.error();
    std::move(events->begin(), events->end(), std::back_inserter(all.events));
  }
  return Event(std::move(all));
}

Result<Event> ParseObjects(const json::value& event) {
  auto events = ParseObjectEvents(event);
  if (!events) return events.error();
  return Event(ObjectEvents{*std::move(events)});
}

Error Unknown(std::string_view what) {
  return Invalid(
      fmt::format("{} is no event that this function knows: requests of a function URL, API Gateway or a "
                  "load balancer, {{\"q\": \"SELECT …\"}}, and what S3, SNS, SQS and EventBridge say of "
                  "objects",
                  what));
}

Result<Event> ParseRecords(const json::value& event, const json::array& records) {
  if (records.empty()) return Unknown("an empty list of records");
  const std::string source = SourceOf(records.front());
  const bool alike = std::all_of(records.begin(), records.end(), [&](const json::value& record) {
    return record.is_object() && SourceOf(record) == source;
  });
  if (!alike) return Invalid("the records of the event are not of one source");
  if (source == "aws:sqs") return ParseQueue(records);
  if (source == "aws:sns") return ParseNotifications(records);
  if (LooksLikeObjectEvents(event)) return ParseObjects(event);
  return Unknown(fmt::format("a record of '{}'", source.substr(0, 100)));
}

constexpr const char* kApiKey = "api_key";

Result<Event> ParseDirect(const json::object& event) {
  const json::value* key = event.if_contains(kApiKey);
  if (key == nullptr || key->is_null()) return Event(DirectEvent());
  if (!key->is_string()) return Invalid("'api_key' is a text");
  return Event(DirectEvent{std::string(key->get_string())});
}

// A question, or none. A member that nobody knows would be an event of another kind, lost without a word.
bool IsDirect(const json::object& event) {
  return event.contains("q") || std::all_of(event.begin(), event.end(), [](const auto& member) {
           return member.key() == "limit" || member.key() == "params" || member.key() == kApiKey;
         });
}

}  // namespace

Result<Event> ParseEvent(std::string_view payload) {
  if (payload.empty()) return Event(DirectEvent());
  boost::system::error_code failed;
  const json::value event = json::parse({payload.data(), payload.size()}, failed);
  if (failed) return Invalid(fmt::format("the event is not JSON: {}", failed.message()));
  if (event.is_array() && LooksLikeObjectEvents(event)) return ParseObjects(event);
  if (!event.is_object()) return Unknown("JSON that is no object");
  const json::object& object = event.get_object();
  if (LooksLikeHttp(object)) {
    auto http = ParseHttpEvent(object);
    if (!http) return http.error();
    return Event(*std::move(http));
  }
  if (const json::value* records = object.if_contains("Records")) {
    if (!records->is_array()) return Invalid("'Records' of the event is no list");
    return ParseRecords(event, records->get_array());
  }
  if (LooksLikeObjectEvents(event)) return ParseObjects(event);
  if (IsDirect(object)) return ParseDirect(object);
  if (object.contains("fragment")) return Invalid("this function does not answer fragments of scattered queries");
  if (object.contains("detail-type")) return Unknown(fmt::format("an event '{}'", TextOf(event, "detail-type")));
  return Unknown(fmt::format("an object with '{}'", std::string_view(object.begin()->key()).substr(0, 100)));
}

}  // namespace eider
