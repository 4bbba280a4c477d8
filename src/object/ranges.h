// What every store must decide alike: which bytes a range means, whether conditions hold, whether a call may go on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "object/object_store.h"

namespace eider {

// Bytes [offset, offset + length) of an object.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const Extent&) const = default;
};

// The bytes of an object of `size_bytes` that `range` means. kInvalid for a span of no bytes or past the end.
Result<Extent> ResolveRange(const ByteRange& range, std::uint64_t size_bytes, const std::string& key);

// kInvalid when no object of any size could answer: a span or suffix of no bytes.
Status CheckRange(const ByteRange& range, const std::string& key);

// kInvalid for what is no key and for such a range.
Status CheckGet(const GetRequest& request);

// A StartGet that is over before it began.
std::unique_ptr<PendingGet> AnsweredAtOnce(const GetDone& done, Result<ObjectInfo> answer);

// kConflict when the object's ETag does not fit what the request demands.
Status CheckGetConditions(const GetRequest& request, const std::string& etag);

Status CheckListRequest(const ListRequest& request);

// kCancelled or kTimeout when the bounds of `call` are reached. `action` completes "Cannot …".
Status CheckCall(const Call& call, const std::string& action);

// Reads `from` and writes it to `to`, piece by piece: for stores that have no copy of their own.
Result<ObjectInfo> CopyThrough(ObjectStore& store, const std::string& from, const std::string& to, const Call& call);

Error Cancelled(const std::string& action);
Error TimedOut(const std::string& action);
Error StoppedByConsumer(const std::string& key);

}  // namespace eider
