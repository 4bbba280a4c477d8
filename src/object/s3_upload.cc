#include "object/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>

#include "object/ranges.h"

namespace eider {
namespace {

// An abort is made although the call was cancelled or its time is up; it has its own, short one.
constexpr auto kAbortTime = std::chrono::seconds(10);

class S3Upload : public Upload {
 public:
  S3Upload(std::shared_ptr<S3Bucket> bucket, std::string key, PutCondition condition, Call call)
      : bucket_(std::move(bucket)), key_(std::move(key)), condition_(std::move(condition)), call_(std::move(call)) {}

  ~S3Upload() override { Abort(); }

  Status Write(std::span<const char> bytes) override {
    if (!open_) return Internal(fmt::format("A write to '{}' after its upload ended.", key_));
    if (auto bounds = CheckCall(call_, "write '" + key_ + "'"); !bounds.ok()) return bounds;
    while (!bytes.empty()) {
      const std::size_t part_bytes = PartBytes(next_part_);
      if (part_.size() == part_bytes) {
        if (auto sent = SendPart(); !sent.ok()) return sent;
        continue;
      }
      const std::size_t taken = std::min(bytes.size(), part_bytes - part_.size());
      part_.append(bytes.data(), taken);
      bytes = bytes.subspan(taken);
    }
    return {};
  }

  Result<ObjectInfo> Commit() override {
    if (!open_) return Internal(fmt::format("'{}' was committed after its upload ended.", key_));
    auto done = Finish();
    if (done.ok()) {
      multipart_.reset();
    }
    Abort();
    return done;
  }

  void Abort() override {
    if (!open_) return;
    open_ = false;
    part_ = {};
    (void)Settle();
    if (multipart_) {
      const Call short_call{{}, std::chrono::steady_clock::now() + kAbortTime};
      (void)bucket_->AbortMultipart(*multipart_, short_call);
      multipart_.reset();
    }
  }

 private:
  Result<ObjectInfo> Finish() {
    if (!multipart_) {
      return bucket_->Put(key_, std::make_shared<const std::string>(std::move(part_)), condition_, call_);
    }
    if (!part_.empty()) {
      if (auto sent = SendPart(); !sent.ok()) return sent.error();
    }
    if (auto settled = Settle(); !settled.ok()) return settled.error();
    return bucket_->CompleteMultipart(*multipart_, call_);
  }

  // Sends the filled part in the background, once the one before has arrived.
  Status SendPart() {
    if (!multipart_) {
      auto started = bucket_->StartMultipart(key_, condition_, call_);
      if (!started.ok()) return started.error();
      multipart_ = *std::move(started);
    }
    if (auto settled = Settle(); !settled.ok()) return settled;
    auto bytes = std::make_shared<const std::string>(std::move(part_));
    part_ = {};
    ++next_part_;
    in_flight_ = std::async(std::launch::async,
                            [this, bytes = std::move(bytes)] { return bucket_->PutPart(*multipart_, bytes, call_); });
    return {};
  }

  // Waits for the part under way. An error stays: an upload with a lost part can only be aborted.
  Status Settle() {
    if (in_flight_.valid()) {
      auto sent = in_flight_.get();
      if (failed_.ok()) failed_ = std::move(sent);
    }
    return failed_;
  }

  const std::shared_ptr<S3Bucket> bucket_;
  const std::string key_;
  const PutCondition condition_;
  const Call call_;
  std::string part_;
  std::size_t next_part_ = 1;
  std::optional<S3Bucket::Multipart> multipart_;  // touched by the thread of in_flight_ while that runs
  std::future<Status> in_flight_;
  Status failed_;
  bool open_ = true;
};

}  // namespace

std::size_t PartBytes(std::size_t number) { return std::size_t{8 << 20} << ((number - 1) / 1000); }

std::unique_ptr<Upload> StartS3Upload(std::shared_ptr<S3Bucket> bucket, const std::string& key,
                                      const PutCondition& condition, const Call& call) {
  return std::make_unique<S3Upload>(std::move(bucket), key, condition, call);
}

}  // namespace eider
