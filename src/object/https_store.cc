#include "object/https_store.h"

#include <fmt/format.h>

#include "base/text.h"
#include "object/ranged_read.h"
#include "object/ranges.h"
#include "object/remote_client.h"
#include "object/s3_address.h"
#include "object/s3_error.h"
#include "object/s3_xml.h"

namespace eider {
namespace {

class HttpsStore : public ObjectStore {
 public:
  HttpsStore(std::string name, std::string base, std::unique_ptr<HttpOrigin> origin, RemoteClientOptions options)
      : name_(std::move(name)), base_(std::move(base)), client_(std::move(origin), nullptr, std::move(options)) {}

  std::string name() const override { return name_; }
  bool remote() const override { return true; }
  std::optional<std::string> LocalPath(const std::string&) const override { return std::nullopt; }

  Result<ListPage> List(const ListRequest&, const Call&) override {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("{} cannot be listed. Name each dataset's objects in eider.yaml.", name_),
                 {}};
  }

  Result<ObjectInfo> Head(const std::string& key, const Call& call) override {
    if (auto valid = CheckKey(key); !valid.ok()) return valid.error();
    HttpRequest head;
    head.method = "HEAD";
    head.target = Target(key);
    const auto reply = client_.Send(head, key, call);
    if (!reply.ok()) return reply.error();
    const auto size = ParseUint(reply->head.Find("Content-Length"));
    if (!size) return Error{ErrorKind::kUnsupported, fmt::format("{} does not say how long '{}' is.", name_, key), {}};
    return ObjectInfo{key, *size, VersionOf(reply->head), ParseTime(reply->head.Find("Last-Modified"))};
  }

  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) override {
    if (auto valid = CheckGet(request); !valid.ok()) return valid.error();
    return client_.Read(Target(request.key), request, consume, call);
  }

  std::unique_ptr<PendingGet> StartGet(const GetRequest& request, ByteConsumer consume, GetDone done,
                                       const Call& call) override {
    if (auto valid = CheckGet(request); !valid.ok()) return AnsweredAtOnce(done, valid.error());
    return client_.StartRead(Target(request.key), request, std::move(consume), std::move(done), call);
  }

  Result<ObjectInfo> Put(const std::string&, std::span<const char>, const PutCondition&, const Call&) override {
    return ReadOnly();
  }
  Result<std::unique_ptr<Upload>> StartUpload(const std::string&, const PutCondition&, const Call&) override {
    return ReadOnly();
  }
  Result<ObjectInfo> Copy(const std::string&, const std::string&, const Call&) override { return ReadOnly(); }
  Status Delete(const std::string&, const Call&) override { return ReadOnly(); }

 private:
  std::string Target(const std::string& key) const { return base_ + "/" + PercentEncode(key, true); }

  Error ReadOnly() const {
    return {ErrorKind::kUnsupported, fmt::format("{} is read-only. Write to a folder or to s3://.", name_), {}};
  }

  const std::string name_;
  const std::string base_;
  RemoteClient client_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenHttpsStore(const std::string& root, const StoreOptions& options) {
  auto url = ParseHttpUrl(root);
  if (!url.ok()) return url.error();
  if (!url->tls && !url->loopback()) {
    return Error{ErrorKind::kUnsupported, "http:// is for this machine only. Use https://.", {}};
  }
  while (url->path.ends_with('/')) url->path.pop_back();
  auto origin = HttpOrigin::Make({url->tls, url->host, url->port, options.ca_bundle, options.connect_timeout,
                                  options.first_byte_timeout, options.max_connections});
  if (!origin.ok()) return origin.error();
  std::string name = fmt::format("{}://{}{}", url->tls ? "https" : "http", (*origin)->host_header(), url->path);
  RemoteClientOptions client;
  client.store = name;
  // A body coded on the way would have neither the object's length nor its ranges.
  client.headers.emplace_back("Accept-Encoding", "identity");
  client.judge = [name](const HttpReply& reply, const std::string& key) {
    Failure failure = StatusFailure(reply.head, fmt::format("'{}' in {}", key, name));
    const bool refused = failure.error.kind == ErrorKind::kInvalid || failure.error.kind == ErrorKind::kDenied;
    if (refused && reply.head.Find("Server") == "eider") {
      failure.error.message = fmt::format(
          "{} is a running Eider, which answers for a lake and is none: ask it by 'eider query --remote {}' (HTTP {}).",
          name, name, reply.head.status);
    }
    return failure;
  };
  return std::unique_ptr<ObjectStore>(
      std::make_unique<HttpsStore>(std::move(name), url->path, *std::move(origin), std::move(client)));
}

}  // namespace eider
