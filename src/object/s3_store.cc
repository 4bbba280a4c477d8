#include "object/s3_store.h"

#include "object/ranges.h"
#include "object/s3_bucket.h"
#include "object/s3_upload.h"

namespace eider {
namespace {

// The most that one CopyObject takes.
constexpr std::uint64_t kLargestCopy = std::uint64_t{5} << 30;

class S3Store : public ObjectStore {
 public:
  explicit S3Store(std::shared_ptr<S3Bucket> bucket) : bucket_(std::move(bucket)) {}

  std::string name() const override { return bucket_->name(); }
  bool remote() const override { return true; }
  std::optional<std::string> LocalPath(const std::string&) const override { return std::nullopt; }

  Result<ListPage> List(const ListRequest& request, const Call& call) override {
    if (auto valid = CheckListRequest(request); !valid.ok()) return valid.error();
    return bucket_->List(request, call);
  }

  Result<ObjectInfo> Head(const std::string& key, const Call& call) override {
    if (auto valid = CheckKey(key); !valid.ok()) return valid.error();
    return bucket_->Head(key, call);
  }

  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) override {
    if (auto valid = CheckGet(request); !valid.ok()) return valid.error();
    return bucket_->Get(request, consume, call);
  }

  std::unique_ptr<PendingGet> StartGet(const GetRequest& request, ByteConsumer consume, GetDone done,
                                       const Call& call) override {
    if (auto valid = CheckGet(request); !valid.ok()) return AnsweredAtOnce(done, valid.error());
    return bucket_->StartGet(request, std::move(consume), std::move(done), call);
  }

  Result<ObjectInfo> Put(const std::string& key, std::span<const char> bytes, const PutCondition& condition,
                         const Call& call) override {
    auto upload = StartUpload(key, condition, call);
    if (!upload.ok()) return upload.error();
    if (auto written = (*upload)->Write(bytes); !written.ok()) return written.error();
    return (*upload)->Commit();
  }

  Result<std::unique_ptr<Upload>> StartUpload(const std::string& key, const PutCondition& condition,
                                              const Call& call) override {
    if (auto valid = CheckKey(key); !valid.ok()) return valid.error();
    return StartS3Upload(bucket_, key, condition, call);
  }

  Result<ObjectInfo> Copy(const std::string& from, const std::string& to, const Call& call) override {
    if (auto valid = CheckKey(from); !valid.ok()) return valid.error();
    if (auto valid = CheckKey(to); !valid.ok()) return valid.error();
    const auto source = bucket_->Head(from, call);
    if (!source.ok()) return source.error();
    if (source->size_bytes > kLargestCopy) return CopyThrough(*this, from, to, call);
    return bucket_->Copy(*source, to, call);
  }

  Status Delete(const std::string& key, const Call& call) override {
    if (auto valid = CheckKey(key); !valid.ok()) return valid;
    return bucket_->Delete(key, call);
  }

  Result<std::vector<UnfinishedUpload>> ListUploads(const Call& call) override { return bucket_->ListMultiparts(call); }

  Status AbortUpload(const UnfinishedUpload& upload, const Call& call) override {
    S3Bucket::Multipart multipart;
    multipart.key = upload.key;
    multipart.id = upload.id;
    auto aborted = bucket_->AbortMultipart(multipart, call);
    return !aborted.ok() && aborted.error().kind == ErrorKind::kNotFound ? Status() : aborted;
  }

  Result<std::optional<std::string>> SignedUrl(const std::string& key, std::chrono::seconds valid) override {
    if (auto checked = CheckKey(key); !checked.ok()) return checked.error();
    return bucket_->SignedUrl(key, valid);
  }

 private:
  const std::shared_ptr<S3Bucket> bucket_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenS3Store(const std::string& root, const StoreOptions& options) {
  auto bucket = S3Bucket::Open(root, options);
  if (!bucket.ok()) return bucket.error();
  return std::unique_ptr<ObjectStore>(std::make_unique<S3Store>(*std::move(bucket)));
}

}  // namespace eider
