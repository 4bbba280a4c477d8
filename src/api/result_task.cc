#include "api/result_task.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/access.h"
#include "api/negotiate.h"
#include "api/object_body.h"
#include "api/result_link.h"
#include "base/log.h"
#include "download/format.h"

namespace eider {
namespace {

constexpr std::string_view kRemedy = "ask again, POST /query with 'into', for a new one";

Response NoResult(const Request& request) {
  return Problem(NotFound(fmt::format("there is no such result: its link is not whole or not yours, or the result was "
                                      "removed; {}",
                                      kRemedy)),
                 request.id);
}

Response Head(const ResultLink& link, const ObjectInfo& object) {
  Response response;
  response.Set("ETag", fmt::format("\"{}\"", object.etag));
  response.Set("Last-Modified", HttpDate(object.last_modified));
  response.Set("Cache-Control", "private, no-cache");
  response.Set("Content-Type", std::string(InfoOf(link.name.format).media_type));
  response.Set("Content-Disposition", fmt::format("attachment; filename=\"{}\"", link.FileName()));
  response.Set("Accept-Ranges", "bytes");
  return response;
}

std::function<void(const BodyOutcome&)> ResultLog(const Request& request, const ResultLink& link,
                                                  Admission::Slot slot) {
  return [id = request.id, principal = request.caller->name, file = link.FileName(), slot = std::move(slot),
          begun = SystemSteadyClock()()](const BodyOutcome& outcome) {
    static constexpr const char* kOutcomes[] = {"complete", "error", "client_left"};
    const double ms = std::chrono::duration<double, std::milli>(SystemSteadyClock()() - begun).count();
    Log(LogLevel::kInfo, "result",
        {{"id", std::string_view(id)},
         {"principal", std::string_view(principal)},
         {"file", std::string_view(file)},
         {"outcome", std::string_view(kOutcomes[static_cast<int>(outcome.kind)])},
         {"bytes", static_cast<std::int64_t>(outcome.bytes)},
         {"ms", ms}});
  };
}

// The whole of it, whatever was asked: a client sends its Range again.
Response Redirect(ObjectStore& store, const Request& request, const ResultLink& link, const ObjectInfo& object,
                  WallTime now) {
  const auto url = SignedUrlOf(store, link, now);
  if (!url) return Problem(url.error(), request.id);
  if (!*url) {
    return Problem(
        {ErrorKind::kExhausted,
         fmt::format("the result has {} bytes, and {} can be sent this way; ask for it in parts, such as "
                     "Range: bytes=0-{}",
                     object.size_bytes, request.room_bytes, std::max<std::uint64_t>(request.room_bytes / 2, 1)),
         {}},
        request.id);
  }
  Response response;
  response.status = 307;
  response.Set("Location", **url);
  response.Set("Cache-Control", "no-store");
  return response;
}

Response AnswerObject(ObjectStore& store, const Request& request, const ResultLink& link, const ObjectInfo& object,
                      Admission::Slot slot, WallTime now) {
  Response response = Head(link, object);
  const std::string etag(response.Find("ETag"));
  if (MatchesAny(request.Find("If-None-Match"), etag)) {
    response.status = 304;
    return response;
  }
  SpoolSpan span{0, object.size_bytes};
  const auto condition = request.Find("If-Range");
  if (const auto range = ParseRange(request.Find("Range")); range && (condition.empty() || condition == etag)) {
    const auto resolved = Resolve(*range, object.size_bytes);
    if (!resolved) {
      Response refused =
          Problem(416, StatusTitle(416), fmt::format("the result has {} bytes", object.size_bytes), "", request.id);
      refused.Set("Content-Range", fmt::format("bytes */{}", object.size_bytes));
      return refused;
    }
    span = {resolved->first, resolved->second};
    response.status = 206;
    response.Set("Content-Range", fmt::format("bytes {}-{}/{}", span.begin, span.end - 1, object.size_bytes));
  }
  if (span.end - span.begin > request.room_bytes && request.method != "HEAD") {
    return Redirect(store, request, link, object, now);
  }
  response.body = std::make_unique<ObjectBody>(store, object, span, ResultLog(request, link, std::move(slot)));
  return response;
}

}  // namespace

void StartResult(const ServiceParts& parts, const Request& request, const Reply& reply) {
  const auto link = ParseResultPath(request.path);
  ObjectStore* store = parts.options.results;
  // A result that was made with a key is there for that key alone, while it is one.
  const bool opens = link && (link->owner.empty() || link->owner == request.caller->key_id);
  if (!opens || store == nullptr) return reply(NoResult(request));
  if (link->kept_until <= parts.options.wall_clock()) {
    return reply(Problem(410, StatusTitle(410),
                         fmt::format("this result was kept until {}; {}", Rfc3339(link->kept_until), kRemedy), "",
                         request.id));
  }
  Admission::Slot slot;
  if (request.caller->limited) {
    const ClientLimits& own = request.caller->limits;
    slot = parts.admission.Begin(ClientOf(request), own);
    if (!slot) return reply(DenyConcurrency(request));
  }
  Call call;
  call.stop = request.client_left;
  const auto object = store->Head(link->Key(), call);
  if (!object && object.error().kind == ErrorKind::kNotFound) return reply(NoResult(request));
  if (!object) return reply(Problem(object.error(), request.id));
  reply(AnswerObject(*store, request, *link, *object, std::move(slot), parts.options.wall_clock()));
}

Result<std::optional<std::string>> SignedUrlOf(ObjectStore& store, const ResultLink& link, WallTime now) {
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(link.kept_until - now);
  return store.SignedUrl(link.Key(), std::clamp<std::chrono::seconds>(left, std::chrono::seconds(1), kSignedTime));
}

}  // namespace eider
