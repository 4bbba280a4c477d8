#include "object/ranged_read.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "object/s3_xml.h"

namespace eider {
namespace {

constexpr std::string_view kDated = "modified ";

// Whether the bytes may be the object's own in spite of a coding. Who uploads "a.csv.gz" often says its coding as well;
// "aws-chunked" is left over from uploads and means nothing. Elsewhere a proxy has compressed on the way, which the
// length need not show: what is compressed may be as long as what was asked for.
bool IsOwnCoding(std::string_view coding, std::string_view key) {
  if (coding.empty() || coding == "identity" || coding == "aws-chunked") return true;
  return key.ends_with(".gz") || key.ends_with(".zst");
}

}  // namespace

std::string VersionOf(const HttpHead& head) {
  const std::string_view etag = head.Find("ETag");
  if (!etag.empty()) return UnquoteETag(etag);
  const std::string_view date = head.Find("Last-Modified");
  return date.empty() ? std::string() : std::string(kDated) + std::string(date);
}

std::string ConditionValue(const std::string& etag) {
  if (etag.empty() || etag.starts_with(kDated) || etag.starts_with("W/")) return {};
  return '"' + etag + '"';
}

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto first = ParseUint(text.substr(0, dash));
  const auto last = ParseUint(text.substr(dash + 1, slash - dash - 1));
  const auto size = ParseUint(text.substr(slash + 1));
  if (!first || !last || !size || *first > *last || *last >= *size) return std::nullopt;
  return ContentRange{*first, *last, *size};
}

RangedRead::RangedRead(const GetRequest& request, std::string store) : request_(request), store_(std::move(store)) {
  info_.key = request.key;
}

HttpHeaders RangedRead::Headers() const {
  HttpHeaders headers;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) headers.emplace_back(name, std::move(value));
  };
  if (begun_) {
    const std::uint64_t from = (extent_ ? extent_->offset : 0) + received_;
    add("Range", extent_ ? fmt::format("bytes={}-{}", from, extent_->offset + extent_->length - 1)
                         : fmt::format("bytes={}-", from));
    add("If-Match", ConditionValue(info_.etag));
    return headers;
  }
  const ByteRange& range = request_.range;
  if (range.kind == ByteRange::Kind::kSuffix) add("Range", fmt::format("bytes=-{}", range.length));
  if (range.kind == ByteRange::Kind::kSpan) {
    const std::uint64_t last = range.length > UINT64_MAX - range.offset ? UINT64_MAX : range.offset + range.length - 1;
    // Servers parse signed numbers.
    add("Range", fmt::format("bytes={}-{}", range.offset, std::min<std::uint64_t>(last, INT64_MAX)));
  }
  add("If-Match", ConditionValue(request_.if_match));
  add("If-None-Match", ConditionValue(request_.if_none_match));
  return headers;
}

Status RangedRead::OnHead(const HttpHead& head) {
  const std::string_view coding = head.Find("Content-Encoding");
  if (!IsOwnCoding(coding, request_.key)) {
    return Wrong(fmt::format("in the coding '{}', which nobody asked for", coding.substr(0, 40)));
  }
  return head.status == 206 ? OnPartial(head) : OnWhole(head);
}

Status RangedRead::OnPartial(const HttpHead& head) {
  // MinIO's answer to a suffix of an empty object.
  if (AcceptsEmpty() && head.Find("Content-Range") == "bytes 0--1/0" && head.Find("Content-Length") == "0") {
    return OnWhole(head);
  }
  const auto content = ParseContentRange(head.Find("Content-Range"));
  if (!content) return Wrong(fmt::format("with the Content-Range '{}'", head.Find("Content-Range").substr(0, 80)));
  if (auto same = CheckVersion(head, content->size_bytes); !same.ok()) return same;
  if (!begun_ && request_.range.kind == ByteRange::Kind::kWhole) return Wrong("with a part of the object");

  Extent missing;
  if (begun_) {
    missing = extent_ ? Extent{extent_->offset + received_, extent_->length - received_}
                      : Extent{received_, content->size_bytes - std::min(received_, content->size_bytes)};
  } else {
    const auto resolved = ResolveRange(request_.range, content->size_bytes, request_.key);
    if (!resolved.ok()) return resolved.error();
    missing = *resolved;
  }
  const Extent given{content->first, content->last - content->first + 1};
  if (given != missing) {
    return Wrong(fmt::format("with bytes {}-{} of {} where {} bytes from {} on were asked for", content->first,
                             content->last, content->size_bytes, missing.length, missing.offset));
  }
  const auto length = ParseUint(head.Find("Content-Length"));
  if (length && *length != given.length) return Wrong("with a Content-Length that its Content-Range contradicts");
  // Proxies that compress on the way do not know the length beforehand. Broken off, such bytes would be taken for the
  // first ones of the range; and of a body that may turn out too long, readers must not have the first ones yet.
  if (!length) return Wrong("without a Content-Length");
  if (!begun_) extent_ = given;
  if (!extent_) extent_ = Extent{0, content->size_bytes};
  begun_ = true;
  return {};
}

Status RangedRead::OnWhole(const HttpHead& head) {
  const auto length = ParseUint(head.Find("Content-Length"));
  const bool ranged = begun_ || request_.range.kind != ByteRange::Kind::kWhole;
  if (ranged && !(length == 0u && !begun_)) {
    return Wrong("with the whole object where a range was asked for. Eider needs ranges");
  }
  if (auto same = CheckVersion(head, length.value_or(0)); !same.ok()) return same;
  if (ranged) {
    const auto resolved = ResolveRange(request_.range, 0, request_.key);
    if (!resolved.ok()) return resolved.error();
  }
  if (length) extent_ = Extent{0, *length};
  begun_ = true;
  return {};
}

Status RangedRead::CheckVersion(const HttpHead& head, std::uint64_t size_bytes) {
  const std::string version = VersionOf(head);
  if (begun_) {
    if (version == info_.etag && (!extent_ || size_bytes == info_.size_bytes)) return {};
    return Error{ErrorKind::kConflict,
                 fmt::format("'{}' in {} was replaced while it was read. Read it again.", request_.key, store_),
                 {}};
  }
  info_.etag = version;
  info_.size_bytes = size_bytes;
  info_.last_modified = ParseTime(head.Find("Last-Modified"));
  return CheckGetConditions(request_, version);
}

Status RangedRead::OnBody(std::size_t bytes) {
  received_ += bytes;
  if (extent_ && received_ > extent_->length) return Wrong("with more bytes than it announced");
  return {};
}

bool RangedRead::Complete(bool ended) const {
  if (!begun_) return false;
  return extent_ ? received_ == extent_->length : ended;
}

ObjectInfo RangedRead::info() const {
  ObjectInfo info = info_;
  if (!extent_) info.size_bytes = received_;
  return info;
}

Error RangedRead::Wrong(const std::string& why) const {
  return {ErrorKind::kUnavailable,
          fmt::format("The server of {} answered a read of '{}' {}.", store_, request_.key, why),
          {}};
}

}  // namespace eider
