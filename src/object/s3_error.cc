#include "object/s3_error.h"

#include <fmt/format.h>

#include <functional>
#include <unordered_map>

#include "base/text.h"
#include "object/s3_xml.h"

namespace eider {
namespace {

struct Refusal {
  const HttpReply& reply;
  const S3Asked& asked;
  S3ErrorDocument document;

  std::string what() const {
    return asked.key.empty() ? fmt::format("the bucket '{}'", asked.bucket)
                             : fmt::format("'{}' in {}", asked.key, asked.store);
  }
};

Failure Final(ErrorKind kind, std::string message, std::string parameter = {}) {
  return {{kind, std::move(message), std::move(parameter)}, false, false, {}};
}

Failure NoSuchBucket(const Refusal& refusal) {
  return Final(ErrorKind::kNotFound,
               fmt::format("The bucket '{}' does not exist at {}. Check its name, the endpoint and the account.",
                           refusal.asked.bucket, refusal.asked.endpoint));
}

Failure NoSuchKey(const Refusal& refusal) {
  return Final(ErrorKind::kNotFound, fmt::format("'{}' does not exist in {}.", refusal.asked.key, refusal.asked.store));
}

Failure Denied(const Refusal& refusal) {
  if (refusal.asked.anonymous) {
    return Final(ErrorKind::kDenied,
                 fmt::format("The store denies anonymous access to {}. Give credentials.", refusal.what()));
  }
  return Final(ErrorKind::kDenied,
               fmt::format("The store denies these credentials access to {}. Allow s3:ListBucket on the bucket and "
                           "s3:GetObject (s3:PutObject to write) on its objects; without s3:ListBucket a missing key "
                           "looks the same.",
                           refusal.what()));
}

Failure UnknownAccessKey(const Refusal& refusal) {
  return Final(ErrorKind::kDenied, fmt::format("{} does not know the access key used for {}. Check AWS_ACCESS_KEY_ID "
                                               "or the profile.",
                                               refusal.asked.endpoint, refusal.what()));
}

Failure WrongSecret(const Refusal& refusal) {
  return Final(ErrorKind::kDenied,
               fmt::format("{} rejects the signature for {}: the secret key does not fit the access "
                           "key. Check AWS_SECRET_ACCESS_KEY or the profile.",
                           refusal.asked.endpoint, refusal.what()));
}

// Whoever writes the profile or runs the role may have put new credentials there since ours were looked up.
Failure OldCredentials(Failure failure) {
  failure.renew_credentials = true;
  return failure;
}

Failure Expired(const Refusal& refusal) {
  return OldCredentials(
      Final(ErrorKind::kDenied,
            fmt::format("The session token used for {} has expired. Get new credentials, e.g. by 'aws sso login'.",
                        refusal.what())));
}

Failure BadToken(const Refusal& refusal) {
  return OldCredentials(
      Final(ErrorKind::kDenied,
            fmt::format("{} does not accept the session token used for {}. AWS_SESSION_TOKEN must belong to the "
                        "access key; unset it for a permanent key.",
                        refusal.asked.endpoint, refusal.what())));
}

Failure OtherRegion(const Refusal& refusal) {
  std::string region = refusal.document.region;
  if (region.empty()) region = refusal.reply.head.Find("x-amz-bucket-region");
  if (region.empty()) {
    return Final(ErrorKind::kDenied,
                 fmt::format("The bucket '{}' is not in the region {}. Set the region it is in.", refusal.asked.bucket,
                             refusal.asked.region),
                 "region");
  }
  return Final(ErrorKind::kDenied,
               fmt::format("The bucket '{}' is in the region {}, not in {}. Set the region to {}.",
                           refusal.asked.bucket, region, refusal.asked.region, region),
               "region");
}

Failure ClockSkew(const Refusal& refusal) {
  return Final(
      ErrorKind::kDenied,
      fmt::format("The clock of this machine is too far from that of {}{}. Set the clock.", refusal.asked.endpoint,
                  refusal.document.server_time.empty() ? std::string()
                                                       : fmt::format(" ({} there)", refusal.document.server_time)));
}

// 500 and 502 are faults, of which fewer requests make no fewer.
bool AsksForLess(int status) { return status == 429 || status == 503; }

Failure Overloaded(const Refusal& refusal) {
  return {{ErrorKind::kUnavailable,
           fmt::format("{} cannot serve {} now (HTTP {}{}{}). Try again later.", refusal.asked.endpoint, refusal.what(),
                       refusal.reply.head.status, refusal.document.code.empty() ? "" : " ", refusal.document.code),
           {}},
          true,
          refusal.reply.head.status >= 500,
          RetryAfter(refusal.reply.head),
          AsksForLess(refusal.reply.head.status) || refusal.document.code == "SlowDown"};
}

Failure Conflict(const Refusal& refusal) {
  return Final(ErrorKind::kConflict, fmt::format("{} was changed by someone else, or exists already.", refusal.what()));
}

Failure NotModified(const Refusal& refusal) {
  return Final(ErrorKind::kConflict, fmt::format("{} has not changed.", refusal.what()));
}

Failure BadRange(const Refusal& refusal) {
  return Final(ErrorKind::kInvalid, fmt::format("A range of {} begins after its end.", refusal.what()));
}

Failure Unsupported(const Refusal& refusal) {
  return Final(ErrorKind::kUnsupported, fmt::format("{} does not support this request for {} ({}).",
                                                    refusal.asked.endpoint, refusal.what(), refusal.document.code));
}

Failure Archived(const Refusal& refusal) {
  return Final(ErrorKind::kUnsupported, fmt::format("{} is archived. Restore it first.", refusal.what()));
}

using Mapping = Failure (*)(const Refusal&);

const std::unordered_map<std::string, Mapping>& ByCode() {
  static const std::unordered_map<std::string, Mapping> map = {
      {"NoSuchBucket", NoSuchBucket},
      {"NoSuchKey", NoSuchKey},
      {"NoSuchUpload", Conflict},
      {"AccessDenied", Denied},
      {"AllAccessDisabled", Denied},
      {"AccountProblem", Denied},
      {"InvalidAccessKeyId", UnknownAccessKey},
      {"SignatureDoesNotMatch", WrongSecret},
      {"ExpiredToken", Expired},
      {"TokenRefreshRequired", Expired},
      {"InvalidToken", BadToken},
      {"InvalidTokenId", BadToken},  // MinIO's
      {"PermanentRedirect", OtherRegion},
      {"TemporaryRedirect", OtherRegion},
      {"AuthorizationHeaderMalformed", OtherRegion},
      {"IllegalLocationConstraintException", OtherRegion},
      {"RequestTimeTooSkewed", ClockSkew},
      {"SlowDown", Overloaded},
      {"ServiceUnavailable", Overloaded},
      {"InternalError", Overloaded},
      {"RequestTimeout", Overloaded},
      {"OperationAborted", Overloaded},
      {"PreconditionFailed", Conflict},
      {"ConditionalRequestConflict", Conflict},
      {"InvalidRange", BadRange},
      {"NotImplemented", Unsupported},
      {"MethodNotAllowed", Unsupported},
      {"InvalidObjectState", Archived},
  };
  return map;
}

Mapping ByStatus(int status, bool bucket_only) {
  switch (status) {
    case 301:
    case 307: return OtherRegion;
    case 304: return NotModified;
    case 401:
    case 403: return Denied;
    case 404: return bucket_only ? NoSuchBucket : NoSuchKey;
    case 405:
    case 501: return Unsupported;
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: return Overloaded;
    case 409:
    case 412: return Conflict;
    case 416: return BadRange;
    default: return nullptr;
  }
}

}  // namespace

std::optional<std::chrono::milliseconds> RetryAfter(const HttpHead& head) {
  const auto seconds = ParseUint(head.Find("Retry-After"));
  if (!seconds || *seconds > 86'400) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

Failure S3Failure(const HttpReply& reply, const S3Asked& asked) {
  const Refusal refusal{reply, asked, ParseS3Error(reply.body)};
  const auto found = ByCode().find(refusal.document.code);
  if (found != ByCode().end()) return found->second(refusal);
  if (const Mapping mapping = ByStatus(reply.head.status, asked.key.empty())) return mapping(refusal);
  const ErrorKind kind = reply.head.status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInvalid;
  return Final(kind, fmt::format("{} refused the request for {}: HTTP {} {} {}", asked.endpoint, refusal.what(),
                                 reply.head.status, refusal.document.code, refusal.document.message.substr(0, 300)));
}

Failure StatusFailure(const HttpHead& head, const std::string& what) {
  const auto answer = [&](ErrorKind kind, std::string_view why, bool retryable = false) {
    return Failure{{kind, fmt::format("{}: {} (HTTP {}).", what, why, head.status), {}},
                   retryable,
                   false,
                   RetryAfter(head),
                   AsksForLess(head.status)};
  };
  switch (head.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return answer(ErrorKind::kUnsupported, "the server redirects elsewhere; name that place as the root");
    case 304: return answer(ErrorKind::kConflict, "it has not changed");
    case 401:
    case 403: return answer(ErrorKind::kDenied, "the server denies access");
    case 404:
    case 410: return answer(ErrorKind::kNotFound, "it does not exist");
    case 412: return answer(ErrorKind::kConflict, "it was changed since it was first read");
    case 416: return answer(ErrorKind::kInvalid, "the range begins after its end");
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: return answer(ErrorKind::kUnavailable, "the server cannot serve it now", true);
    default:
      return answer(head.status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInvalid,
                    "the server refused the request");
  }
}

}  // namespace eider
