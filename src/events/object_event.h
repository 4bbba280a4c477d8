// ObjectEvent: what a store says has happened to one object, whichever store and whichever way it came. Read from:
// - S3's notifications, {"Records": [{"s3": …}]}: AWS, MinIO, versitygw (a bare list of records) and what speaks like
// them;
// - Amazon EventBridge, {"detail-type": "Object Created", "detail": …};
// - either of them inside a message of SNS, {"Type": "Notification", "Message": "…"}, which is how SQS gets SNS's.
// Pure functions.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace eider {

struct ObjectEvent {
  enum class Kind : std::uint8_t {
    kCreated,
    kRemoved,  // also a delete marker, and by a lifecycle rule
    kOther,    // restored, tagged, replicated, …
  };
  Kind kind = Kind::kOther;
  std::string name;  // as the store calls it, without "s3:": "ObjectCreated:Put", "Object Created"
  std::string bucket;
  std::string key;                          // decoded
  std::optional<std::uint64_t> size_bytes;  // a hint: versitygw says 0 of what came in parts
  std::string etag;                         // without quotes; empty when it was not said
  std::string version;                      // likewise
  std::string sequencer;                    // orders events of one key, compared as hex digits from the right
  std::string region;
  std::optional<WallTime> time;  // where it was said in UTC
};

// "created s3://bucket/key", for messages.
std::string Describe(const ObjectEvent& event);

// Whether ParseObjectEvents is for this: it looks at the outer shape alone.
bool LooksLikeObjectEvents(const boost::json::value& message);

// Every event of a message; none in S3's s3:TestEvent. kInvalid names the member at fault, and then no event of the
// message counts: half of it would be lost silently.
Result<std::vector<ObjectEvent>> ParseObjectEvents(const boost::json::value& message);
Result<std::vector<ObjectEvent>> ReadObjectEvents(std::string_view message);  // JSON as text

}  // namespace eider
