// The operations of the S3 API that Eider uses, each one request (and its retries). Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "object/object_store.h"
#include "object/remote_client.h"
#include "object/s3_address.h"

namespace eider {

class S3Bucket {
 public:
  static Result<std::shared_ptr<S3Bucket>> Open(const std::string& root, const StoreOptions& options);

  std::string name() const { return address_.name(); }

  Result<ListPage> List(const ListRequest& request, const Call& call);
  Result<ObjectInfo> Head(const std::string& key, const Call& call);
  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call);
  std::unique_ptr<PendingGet> StartGet(const GetRequest& request, ByteConsumer consume, GetDone done, const Call& call);
  Result<ObjectInfo> Put(const std::string& key, std::shared_ptr<const std::string> bytes,
                         const PutCondition& condition, const Call& call);
  Result<ObjectInfo> Copy(const ObjectInfo& from, const std::string& to, const Call& call);
  Status Delete(const std::string& key, const Call& call);
  Result<std::optional<std::string>> SignedUrl(const std::string& key, std::chrono::seconds valid);

  // A multipart upload. Its id names it until it is completed or aborted.
  struct Multipart {
    std::string key;
    std::string id;
    std::string mark;  // see Mark in the source
    PutCondition condition;
    std::vector<std::string> part_etags;
    std::uint64_t size_bytes = 0;
  };
  Result<Multipart> StartMultipart(const std::string& key, const PutCondition& condition, const Call& call);
  Status PutPart(Multipart& upload, std::shared_ptr<const std::string> bytes, const Call& call);
  Result<ObjectInfo> CompleteMultipart(const Multipart& upload, const Call& call);
  Status AbortMultipart(const Multipart& upload, const Call& call);
  Result<std::vector<UnfinishedUpload>> ListMultiparts(const Call& call);

 private:
  S3Bucket(S3Address address, std::unique_ptr<HttpOrigin> origin, std::unique_ptr<RequestSigner> signer,
           const StoreOptions& options);

  Result<std::uint64_t> PartsBytes(const UnfinishedUpload& upload, const Call& call);
  Result<HttpReply> HeadOnly(const std::string& key, const Call& call);
  Error Explain(const std::string& key, Error unexplained, const Call& call);
  Result<ObjectInfo> Written(Result<HttpReply> reply, const std::string& key, std::uint64_t size_bytes,
                             const std::string& mark, const SendNotes& notes, const Call& call);

  const S3Address address_;
  RemoteClient client_;
  // Once anything succeeded, a 404 of a HEAD, which has no explanation, can only mean the key.
  std::atomic<bool> bucket_known_{false};
};

}  // namespace eider
