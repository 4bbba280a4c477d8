#include "object/ranges.h"

#include <fmt/format.h>

#include <algorithm>

namespace eider {

Status CheckRange(const ByteRange& range, const std::string& key) {
  if (range.kind == ByteRange::Kind::kWhole || range.length > 0) return {};
  return Invalid(fmt::format("A range of '{}' must have at least one byte.", key));
}

Result<Extent> ResolveRange(const ByteRange& range, std::uint64_t size_bytes, const std::string& key) {
  if (auto valid = CheckRange(range, key); !valid.ok()) return valid.error();
  switch (range.kind) {
    case ByteRange::Kind::kWhole: return Extent{0, size_bytes};
    case ByteRange::Kind::kSuffix: {
      const std::uint64_t length = std::min(range.length, size_bytes);
      return Extent{size_bytes - length, length};
    }
    case ByteRange::Kind::kSpan: break;
  }
  if (range.offset >= size_bytes) {
    return Invalid(
        fmt::format("A range of '{}' begins at byte {}, but the object has {} bytes.", key, range.offset, size_bytes));
  }
  return Extent{range.offset, std::min(range.length, size_bytes - range.offset)};
}

Status CheckGet(const GetRequest& request) {
  if (auto valid = CheckKey(request.key); !valid.ok()) return valid;
  return CheckRange(request.range, request.key);
}

std::unique_ptr<PendingGet> AnsweredAtOnce(const GetDone& done, Result<ObjectInfo> answer) {
  done(std::move(answer));
  return std::make_unique<PendingGet>();
}

Status CheckGetConditions(const GetRequest& request, const std::string& etag) {
  if (!request.if_match.empty() && request.if_match != etag) {
    return Error{ErrorKind::kConflict, fmt::format("'{}' was changed since it was first read.", request.key), {}};
  }
  if (!request.if_none_match.empty() && request.if_none_match == etag) {
    return Error{ErrorKind::kConflict, fmt::format("'{}' has not changed.", request.key), {}};
  }
  return {};
}

Status CheckListRequest(const ListRequest& request) {
  if (request.max_keys < 1 || request.max_keys > 1000) {
    return Invalid(fmt::format("A page of a listing has 1 to 1000 keys, not {}.", request.max_keys));
  }
  if (request.prefix.find('\0') != std::string::npos) return Invalid("A prefix cannot hold a NUL byte.");
  return {};
}

Status CheckCall(const Call& call, const std::string& action) {
  if (call.stop.stop_requested()) return Cancelled(action);
  if (call.deadline != SteadyTime::max() && std::chrono::steady_clock::now() >= call.deadline) return TimedOut(action);
  return {};
}

Result<ObjectInfo> CopyThrough(ObjectStore& store, const std::string& from, const std::string& to, const Call& call) {
  auto upload = store.StartUpload(to, {}, call);
  if (!upload.ok()) return upload.error();
  Status written;
  GetRequest request;
  request.key = from;
  const auto read = store.Get(
      request,
      [&](std::span<const char> bytes) {
        written = (*upload)->Write(bytes);
        return written.ok();
      },
      call);
  if (!written.ok()) return written.error();
  if (!read.ok()) return read.error();
  return (*upload)->Commit();
}

Error Cancelled(const std::string& action) {
  return {ErrorKind::kCancelled, fmt::format("Stopped before it could {}.", action), {}};
}

Error TimedOut(const std::string& action) {
  return {ErrorKind::kTimeout, fmt::format("The time limit passed before it could {}.", action), {}};
}

Error StoppedByConsumer(const std::string& key) {
  return {ErrorKind::kCancelled, fmt::format("The reader of '{}' wanted no more.", key), {}};
}

}  // namespace eider
