// The state of one GET that may take several replies: which bytes are still wanted, and whether a reply gives exactly
// them. Pure: no I/O, no time. Whoever moves the bytes asks it for headers and tells it what arrived, so that bytes
// which were not received, or belong to another version of the object, can never pass for the object's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "object/http_message.h"
#include "object/object_store.h"
#include "object/ranges.h"

namespace eider {

class RangedRead {
 public:
  // `store` is for messages.
  RangedRead(const GetRequest& request, std::string store);

  // Range and conditions for the next reply: of the whole request at first, then of what is still missing.
  HttpHeaders Headers() const;

  // Judges a reply of status 200 or 206. Anything but exactly the bytes asked for is kUnavailable, or kConflict for
  // those of another version; another reply may then be judged in its place.
  Status OnHead(const HttpHead& head);

  // `bytes` more of the body arrived; kUnavailable and final when that is more than the head promised.
  Status OnBody(std::size_t bytes);

  // Whether every byte is here. `ended`: the reply came to its proper end.
  bool Complete(bool ended) const;

  // Whether what is missing can be asked for: only an ETag or a date proves that it is the same object.
  bool Resumable() const { return !begun_ || !info_.etag.empty(); }

  std::uint64_t received() const { return received_; }
  ObjectInfo info() const;

 private:
  // Whether an object without bytes would answer the request.
  bool AcceptsEmpty() const { return !begun_ && request_.range.kind == ByteRange::Kind::kSuffix; }
  Status OnPartial(const HttpHead& head);
  Status OnWhole(const HttpHead& head);
  Status CheckVersion(const HttpHead& head, std::uint64_t size_bytes);
  Error Wrong(const std::string& why) const;

  const GetRequest request_;
  const std::string store_;
  bool begun_ = false;            // a proper head arrived
  std::optional<Extent> extent_;  // what is wanted, once known; unknown for a whole object without a length
  std::uint64_t received_ = 0;
  ObjectInfo info_;
};

// What tells versions of an object apart: its ETag, else its date, else "". A date is marked so that it is never sent
// as an ETag.
std::string VersionOf(const HttpHead& head);

// As a header's value, or "" for a version that is no strong ETag and so cannot be a condition.
std::string ConditionValue(const std::string& etag);

struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t size_bytes = 0;
};

// "bytes 0-9/100"; nullopt for anything else, an unknown size included.
std::optional<ContentRange> ParseContentRange(std::string_view text);

}  // namespace eider
