#include "events/object_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "base/text.h"

namespace eider {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "s3:";

const json::value* Find(const json::value& value, std::string_view member) {
  return value.is_object() ? value.get_object().if_contains({member.data(), member.size()}) : nullptr;
}

// The text at a path such as {"s3", "bucket", "name"}; "" when there is none.
std::string TextAt(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* at = &value;
  for (const std::string_view member : path) {
    if (at = Find(*at, member); at == nullptr) return {};
  }
  return at->is_string() ? std::string(at->get_string()) : std::string();
}

std::string WithoutQuotes(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

ObjectEvent::Kind KindOf(std::string_view name) {
  for (const char* created : {"ObjectCreated:", "Object Created"}) {
    if (name.starts_with(created)) return ObjectEvent::Kind::kCreated;
  }
  for (const char* removed : {"ObjectRemoved:", "LifecycleExpiration:", "Object Deleted"}) {
    if (name.starts_with(removed)) return ObjectEvent::Kind::kRemoved;
  }
  return ObjectEvent::Kind::kOther;
}

// No store allows more; what a bucket may be called exactly is the store's business.
bool IsBucketName(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  });
}

constexpr std::size_t kLongestKey = 1024;  // S3's, in bytes of UTF-8

Status Check(const ObjectEvent& event, const std::string& where) {
  if (event.name.empty()) return Invalid(fmt::format("{} does not say what has happened", where));
  if (!IsBucketName(event.bucket)) {
    return Invalid(fmt::format("{} has no bucket's name where it should be: '{}'", where, event.bucket.substr(0, 100)));
  }
  if (event.key.empty() || event.key.size() > kLongestKey || !IsCleanUtf8(event.key)) {
    return Invalid(fmt::format("{} has no object's key: 1 to {} bytes of UTF-8", where, kLongestKey));
  }
  return {};
}

Result<std::optional<std::uint64_t>> SizeOf(const json::value* object, const std::string& where) {
  const json::value* size = object == nullptr ? nullptr : Find(*object, "size");
  if (size == nullptr || size->is_null()) return std::optional<std::uint64_t>();
  boost::system::error_code failed;
  const auto bytes = size->to_number<std::uint64_t>(failed);
  if (failed) return Invalid(fmt::format("the size in {} is no number of bytes: {}", where, json::serialize(*size)));
  return std::optional(bytes);
}

// A record of S3's notifications. AWS and MinIO encode its key as a form does; versitygw, which calls itself aws:s3 and
// writes names with "s3:" as AWS does not, leaves it as it is.
Result<ObjectEvent> ParseRecord(const json::value& record, const std::string& where) {
  ObjectEvent event;
  event.name = TextAt(record, {"eventName"});
  const bool prefixed = event.name.starts_with(kPrefix);
  if (prefixed) event.name.erase(0, kPrefix.size());
  event.kind = KindOf(event.name);
  event.bucket = TextAt(record, {"s3", "bucket", "name"});
  event.key = TextAt(record, {"s3", "object", "key"});
  if (!prefixed || TextAt(record, {"eventSource"}) != "aws:s3") {
    auto key = PercentDecode(event.key, true);
    if (!key) return Invalid(fmt::format("the key in {} is not encoded as a form: '{}'", where, event.key));
    event.key = *std::move(key);
  }
  const json::value* s3 = Find(record, "s3");
  const auto size = SizeOf(s3 == nullptr ? nullptr : Find(*s3, "object"), where);
  if (!size) return size.error();
  event.size_bytes = *size;
  event.etag = WithoutQuotes(TextAt(record, {"s3", "object", "eTag"}));
  event.version = TextAt(record, {"s3", "object", "versionId"});
  event.sequencer = TextAt(record, {"s3", "object", "sequencer"});
  event.region = TextAt(record, {"awsRegion"});
  event.time = ParseRfc3339(TextAt(record, {"eventTime"}));
  if (auto status = Check(event, where); !status) return status.error();
  return event;
}

// EventBridge leaves the key as it is.
Result<ObjectEvent> ParseEventBridge(const json::value& message) {
  const std::string where = "the event of EventBridge";
  ObjectEvent event;
  event.name = TextAt(message, {"detail-type"});
  event.kind = KindOf(event.name);
  event.bucket = TextAt(message, {"detail", "bucket", "name"});
  event.key = TextAt(message, {"detail", "object", "key"});
  const json::value* detail = Find(message, "detail");
  const auto size = SizeOf(detail == nullptr ? nullptr : Find(*detail, "object"), where);
  if (!size) return size.error();
  event.size_bytes = *size;
  event.etag = WithoutQuotes(TextAt(message, {"detail", "object", "etag"}));
  event.version = TextAt(message, {"detail", "object", "version-id"});
  event.sequencer = TextAt(message, {"detail", "object", "sequencer"});
  event.region = TextAt(message, {"region"});
  event.time = ParseRfc3339(TextAt(message, {"time"}));
  if (auto status = Check(event, where); !status) return status.error();
  return event;
}

bool IsTest(const json::value& message) { return TextAt(message, {"Event"}) == "s3:TestEvent"; }

bool IsEventBridge(const json::value& message) { return TextAt(message, {"source"}) == "aws.s3"; }

// What SNS sends has the message as a text.
const json::value* FindNotification(const json::value& message) {
  return TextAt(message, {"Type"}) == "Notification" ? Find(message, "Message") : nullptr;
}

const json::array* FindRecords(const json::value& message) {
  if (message.is_array()) return &message.get_array();
  const json::value* records = Find(message, "Records");
  return records != nullptr && records->is_array() ? &records->get_array() : nullptr;
}

Result<std::vector<ObjectEvent>> ParseRecords(const json::array& records) {
  if (records.empty()) return Invalid("the message has an empty list of records");
  std::vector<ObjectEvent> events;
  for (const json::value& record : records) {
    auto event = ParseRecord(record, fmt::format("record {}", events.size() + 1));
    if (!event) return event.error();
    events.push_back(*std::move(event));
  }
  return events;
}

Result<json::value> ParseJson(std::string_view text) {
  boost::system::error_code failed;
  json::value parsed = json::parse({text.data(), text.size()}, failed);
  if (failed) return Invalid(fmt::format("the message is not JSON: {}", failed.message()));
  return parsed;
}

}  // namespace

std::string Describe(const ObjectEvent& event) {
  static constexpr const char* kKinds[] = {"created", "removed", "changed"};
  return fmt::format("{} s3://{}/{}", kKinds[static_cast<int>(event.kind)], event.bucket, event.key);
}

bool LooksLikeObjectEvents(const json::value& message) {
  if (IsTest(message) || IsEventBridge(message) || FindNotification(message) != nullptr) return true;
  const json::array* records = FindRecords(message);
  return records != nullptr && std::any_of(records->begin(), records->end(),
                                           [](const json::value& record) { return Find(record, "s3") != nullptr; });
}

Result<std::vector<ObjectEvent>> ParseObjectEvents(const json::value& message) {
  if (IsTest(message)) return std::vector<ObjectEvent>();
  if (IsEventBridge(message)) {
    auto event = ParseEventBridge(message);
    if (!event) return event.error();
    return std::vector<ObjectEvent>{*std::move(event)};
  }
  if (const json::value* text = FindNotification(message)) {
    if (!text->is_string()) return Invalid("SNS's 'Message' is no text");
    const auto inner = ParseJson(text->get_string());
    if (!inner) return inner.error();
    if (FindNotification(*inner) != nullptr) return Invalid("SNS's 'Message' holds another message of SNS");
    return ParseObjectEvents(*inner);
  }
  if (const json::array* records = FindRecords(message)) return ParseRecords(*records);
  return Invalid("the message is none of S3's: neither Records, nor an event of EventBridge, nor a message of SNS");
}

Result<std::vector<ObjectEvent>> ReadObjectEvents(std::string_view message) {
  const auto parsed = ParseJson(message);
  if (!parsed) return parsed.error();
  return ParseObjectEvents(*parsed);
}

}  // namespace eider
