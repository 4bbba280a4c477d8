#include "object/s3_bucket.h"

#include <fmt/format.h>

#include <random>

#include "base/text.h"
#include "object/aws_settings.h"
#include "object/ranged_read.h"
#include "object/s3_error.h"
#include "object/s3_xml.h"

namespace eider {
namespace {

constexpr const char* kMarkHeader = "x-amz-meta-eider-write";

// As of reads: a proxy may be right the next time.
constexpr int kWrongListings = 3;

// Sent along with each conditional write. When its reply is lost and the retry is refused because the object exists,
// the mark tells whether it is our own.
std::string Mark(const PutCondition& condition) {
  if (!condition.if_absent && condition.if_match.empty()) return {};
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return fmt::format("{:016x}", generator());
}

void AddConditions(HttpHeaders& headers, const PutCondition& condition) {
  if (condition.if_absent) headers.emplace_back("If-None-Match", "*");
  if (!condition.if_match.empty()) headers.emplace_back("If-Match", '"' + condition.if_match + '"');
}

ObjectInfo InfoOf(const std::string& key, std::uint64_t size_bytes, const HttpReply& reply, std::string etag) {
  // Neither PUT nor Complete says the time of the object; the moment of the reply is within a second of it.
  return {key, size_bytes, std::move(etag), ParseTime(reply.head.Find("Date"))};
}

RemoteClientOptions ClientOptions(const S3Address& address, const StoreOptions& options, std::string endpoint) {
  RemoteClientOptions client;
  client.store = address.name();
  if (options.requester_pays) client.headers.emplace_back("x-amz-request-payer", "requester");
  S3Asked asked{address.name(), address.bucket, {}, options.region, std::move(endpoint), options.anonymous};
  client.judge = [asked = std::move(asked)](const HttpReply& reply, const std::string& key) {
    S3Asked about = asked;
    about.key = key;
    return S3Failure(reply, about);
  };
  return client;
}

}  // namespace

Result<std::shared_ptr<S3Bucket>> S3Bucket::Open(const std::string& root, const StoreOptions& given) {
  const auto runtime = AwsRuntime::Get();
  const StoreOptions options = FillInFromSystem(given);
  auto address = MakeS3Address(root, options);
  if (!address.ok()) return address.error();
  auto origin = HttpOrigin::Make({address->tls, address->host, address->port, options.ca_bundle,
                                  options.connect_timeout, options.first_byte_timeout, options.max_connections});
  if (!origin.ok()) return origin.error();
  std::unique_ptr<RequestSigner> signer;
  if (!options.anonymous) {
    auto made = RequestSigner::Make(runtime, {options.region, options.profile, options.ca_bundle});
    if (!made.ok()) return made.error();
    signer = *std::move(made);
  }
  return std::shared_ptr<S3Bucket>(new S3Bucket(*std::move(address), *std::move(origin), std::move(signer), options));
}

S3Bucket::S3Bucket(S3Address address, std::unique_ptr<HttpOrigin> origin, std::unique_ptr<RequestSigner> signer,
                   const StoreOptions& options)
    : address_(std::move(address)),
      client_(std::move(origin), std::move(signer),
              ClientOptions(address_, options, fmt::format("{}:{}", address_.host, address_.port))) {}

Result<ListPage> S3Bucket::List(const ListRequest& request, const Call& call) {
  HttpRequest list;
  list.target = address_.ListTarget(request);
  for (int wrong = 0;;) {
    const auto reply = client_.Send(list, "", call);
    if (!reply.ok()) return reply.error();
    bucket_known_ = true;
    auto page = ParseS3List(reply->body, address_.prefix, request);
    if (page.ok() || ++wrong == kWrongListings) return page;
  }
}

Result<HttpReply> S3Bucket::HeadOnly(const std::string& key, const Call& call) {
  HttpRequest head;
  head.method = "HEAD";
  head.target = address_.Target(key);
  return client_.Send(head, key, call);
}

Result<ObjectInfo> S3Bucket::Head(const std::string& key, const Call& call) {
  const auto reply = HeadOnly(key, call);
  if (!reply.ok()) return Explain(key, reply.error(), call);
  bucket_known_ = true;
  const auto size = ParseUint(reply->head.Find("Content-Length"));
  if (!size) return Corrupt(fmt::format("{} does not say how long '{}' is.", name(), key));
  return ObjectInfo{key, *size, VersionOf(reply->head), ParseTime(reply->head.Find("Last-Modified"))};
}

// The reply to a HEAD has no body that could say why it failed; that to a GET of one byte has.
Error S3Bucket::Explain(const std::string& key, Error unexplained, const Call& call) {
  const bool certain = unexplained.kind == ErrorKind::kNotFound && bucket_known_;
  const bool about_the_reply = unexplained.kind == ErrorKind::kNotFound || unexplained.kind == ErrorKind::kDenied ||
                               unexplained.kind == ErrorKind::kInvalid;
  if (certain || !about_the_reply) return unexplained;
  const auto got = Get(
      {key, ByteRange::Span(0, 1), {}, {}}, [](std::span<const char>) { return true; }, call);
  const bool explains =
      !got.ok() && got.error().kind != ErrorKind::kCancelled && got.error().kind != ErrorKind::kTimeout;
  return explains ? got.error() : unexplained;
}

Result<ObjectInfo> S3Bucket::Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) {
  auto got = client_.Read(address_.Target(request.key), request, consume, call);
  if (got.ok()) bucket_known_ = true;
  return got;
}

std::unique_ptr<PendingGet> S3Bucket::StartGet(const GetRequest& request, ByteConsumer consume, GetDone done,
                                               const Call& call) {
  auto known = [this, done = std::move(done)](Result<ObjectInfo> got) {
    if (got.ok()) bucket_known_ = true;
    done(std::move(got));
  };
  return client_.StartRead(address_.Target(request.key), request, std::move(consume), std::move(known), call);
}

Result<ObjectInfo> S3Bucket::Put(const std::string& key, std::shared_ptr<const std::string> bytes,
                                 const PutCondition& condition, const Call& call) {
  HttpRequest put;
  put.method = "PUT";
  put.target = address_.Target(key);
  const std::string mark = Mark(condition);
  if (!mark.empty()) put.headers.emplace_back(kMarkHeader, mark);
  AddConditions(put.headers, condition);
  put.body = std::move(bytes);
  SendNotes notes;
  auto reply = client_.Send(put, key, call, false, &notes);
  return Written(std::move(reply), key, put.body->size(), mark, notes, call);
}

Result<ObjectInfo> S3Bucket::Written(Result<HttpReply> reply, const std::string& key, std::uint64_t size_bytes,
                                     const std::string& mark, const SendNotes& notes, const Call& call) {
  if (reply.ok()) {
    bucket_known_ = true;
    std::string etag = UnquoteETag(reply->head.Find("ETag"));
    if (etag.empty()) etag = UnquoteETag(S3Element(reply->body, "ETag"));
    return InfoOf(key, size_bytes, *reply, std::move(etag));
  }
  if (reply.error().kind != ErrorKind::kConflict || mark.empty() || !notes.ambiguous) return reply.error();
  const auto there = HeadOnly(key, call);
  if (!there.ok() || there->head.Find(kMarkHeader) != mark) return reply.error();
  return ObjectInfo{key, size_bytes, VersionOf(there->head), ParseTime(there->head.Find("Last-Modified"))};
}

Result<ObjectInfo> S3Bucket::Copy(const ObjectInfo& from, const std::string& to, const Call& call) {
  HttpRequest copy;
  copy.method = "PUT";
  copy.target = address_.Target(to);
  copy.headers.emplace_back("x-amz-copy-source", address_.CopySource(from.key));
  // The size that is answered belongs to this version.
  if (!from.etag.empty()) copy.headers.emplace_back("x-amz-copy-source-if-match", '"' + from.etag + '"');
  copy.body = std::make_shared<const std::string>();
  const auto reply = client_.Send(copy, from.key, call, true);
  if (!reply.ok()) return reply.error();
  return InfoOf(to, from.size_bytes, *reply, UnquoteETag(S3Element(reply->body, "ETag")));
}

Status S3Bucket::Delete(const std::string& key, const Call& call) {
  HttpRequest remove;
  remove.method = "DELETE";
  remove.target = address_.Target(key);
  const auto reply = client_.Send(remove, key, call);
  if (reply.ok()) return {};
  // Some servers answer 404 instead of 204. A bucket that does not exist is an error all the same.
  const bool gone = reply.error().kind == ErrorKind::kNotFound &&
                    reply.error().message.find("bucket '" + address_.bucket + "'") == std::string::npos;
  return gone ? Status() : Status(reply.error());
}

Result<std::optional<std::string>> S3Bucket::SignedUrl(const std::string& key, std::chrono::seconds valid) {
  auto signed_target = client_.SignedTarget(address_.Target(key), valid);
  if (!signed_target.ok()) return signed_target.error();
  if (!*signed_target) return std::optional<std::string>();
  return std::optional(
      fmt::format("{}://{}{}", address_.tls ? "https" : "http", client_.origin_name(), **signed_target));
}

Result<S3Bucket::Multipart> S3Bucket::StartMultipart(const std::string& key, const PutCondition& condition,
                                                     const Call& call) {
  Multipart upload{key, {}, Mark(condition), condition, {}, 0};
  HttpRequest start;
  start.method = "POST";
  start.target = address_.Target(key) + "?uploads=";
  if (!upload.mark.empty()) start.headers.emplace_back(kMarkHeader, upload.mark);
  start.body = std::make_shared<const std::string>();
  const auto reply = client_.Send(start, key, call);
  if (!reply.ok()) return reply.error();
  upload.id = S3Element(reply->body, "UploadId");
  if (upload.id.empty()) return Corrupt(fmt::format("{} started no upload of '{}': its reply has no id.", name(), key));
  return upload;
}

Status S3Bucket::PutPart(Multipart& upload, std::shared_ptr<const std::string> bytes, const Call& call) {
  HttpRequest part;
  part.method = "PUT";
  part.target = fmt::format("{}?partNumber={}&uploadId={}", address_.Target(upload.key), upload.part_etags.size() + 1,
                            PercentEncode(upload.id, false));
  const std::size_t size = bytes->size();
  part.body = std::move(bytes);
  const auto reply = client_.Send(part, upload.key, call);
  if (!reply.ok()) return reply.error();
  const std::string_view etag = reply->head.Find("ETag");
  if (etag.empty()) return Corrupt(fmt::format("{} gave no ETag for a part of '{}'.", name(), upload.key));
  upload.part_etags.emplace_back(etag);
  upload.size_bytes += size;
  return {};
}

Result<ObjectInfo> S3Bucket::CompleteMultipart(const Multipart& upload, const Call& call) {
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < upload.part_etags.size(); ++i) {
    xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, upload.part_etags[i]);
  }
  xml += "</CompleteMultipartUpload>";
  HttpRequest complete;
  complete.method = "POST";
  complete.target = fmt::format("{}?uploadId={}", address_.Target(upload.key), PercentEncode(upload.id, false));
  complete.headers.emplace_back("Content-Type", "application/xml");
  AddConditions(complete.headers, upload.condition);
  complete.body = std::make_shared<const std::string>(std::move(xml));
  SendNotes notes;
  auto reply = client_.Send(complete, upload.key, call, true, &notes);
  return Written(std::move(reply), upload.key, upload.size_bytes, upload.mark, notes, call);
}

Status S3Bucket::AbortMultipart(const Multipart& upload, const Call& call) {
  HttpRequest abort;
  abort.method = "DELETE";
  abort.target = fmt::format("{}?uploadId={}", address_.Target(upload.key), PercentEncode(upload.id, false));
  const auto reply = client_.Send(abort, upload.key, call);
  return reply.ok() ? Status() : Status(reply.error());
}

Result<std::vector<UnfinishedUpload>> S3Bucket::ListMultiparts(const Call& call) {
  std::vector<UnfinishedUpload> uploads;
  for (S3UploadPage page;;) {
    HttpRequest list;
    list.target = address_.UploadsTarget(page.next_key, page.next_id);
    const auto reply = client_.Send(list, "", call);
    if (!reply.ok()) return reply.error();
    auto parsed = ParseS3Uploads(reply->body, address_.prefix);
    if (!parsed.ok()) return parsed.error();
    page = *std::move(parsed);
    uploads.insert(uploads.end(), page.uploads.begin(), page.uploads.end());
    if (page.next_key.empty()) break;
  }
  for (UnfinishedUpload& upload : uploads) {
    const auto bytes = PartsBytes(upload, call);
    if (!bytes.ok()) return bytes.error();
    upload.size_bytes = *bytes;
  }
  return uploads;
}

// 0 for an upload that ended meanwhile.
Result<std::uint64_t> S3Bucket::PartsBytes(const UnfinishedUpload& upload, const Call& call) {
  std::uint64_t bytes = 0;
  std::string after;
  do {
    HttpRequest list;
    list.target = fmt::format("{}?{}uploadId={}", address_.Target(upload.key),
                              after.empty() ? "" : "part-number-marker=" + PercentEncode(after, false) + "&",
                              PercentEncode(upload.id, false));
    const auto reply = client_.Send(list, upload.key, call);
    if (!reply.ok() && reply.error().kind == ErrorKind::kNotFound) return std::uint64_t{0};
    if (!reply.ok()) return reply.error();
    bytes += S3PartBytes(reply->body);
    after = S3Element(reply->body, "IsTruncated") == "true" ? S3Element(reply->body, "NextPartNumberMarker") : "";
  } while (!after.empty());
  return bytes;
}

}  // namespace eider
