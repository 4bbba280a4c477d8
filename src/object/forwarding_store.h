// For tests: a store that passes everything on to another; what derives from it changes one thing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "object/object_store.h"

namespace eider {

class ForwardingStore : public ObjectStore {
 public:
  explicit ForwardingStore(std::unique_ptr<ObjectStore> store) : store_(std::move(store)) {}

  std::string name() const override { return store_->name(); }
  bool remote() const override { return store_->remote(); }
  std::optional<std::string> LocalPath(const std::string& key) const override { return store_->LocalPath(key); }
  Result<ListPage> List(const ListRequest& request, const Call& call) override { return store_->List(request, call); }
  Result<ObjectInfo> Head(const std::string& key, const Call& call) override { return store_->Head(key, call); }
  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) override {
    return store_->Get(request, consume, call);
  }
  Result<ObjectInfo> Put(const std::string& key, std::span<const char> bytes, const PutCondition& condition,
                         const Call& call) override {
    return store_->Put(key, bytes, condition, call);
  }
  Result<std::unique_ptr<Upload>> StartUpload(const std::string& key, const PutCondition& condition,
                                              const Call& call) override {
    return store_->StartUpload(key, condition, call);
  }
  Result<ObjectInfo> Copy(const std::string& from, const std::string& to, const Call& call) override {
    return store_->Copy(from, to, call);
  }
  Status Delete(const std::string& key, const Call& call) override { return store_->Delete(key, call); }
  Result<std::vector<UnfinishedUpload>> ListUploads(const Call& call) override { return store_->ListUploads(call); }
  Status AbortUpload(const UnfinishedUpload& upload, const Call& call) override {
    return store_->AbortUpload(upload, call);
  }
  Result<std::optional<std::string>> SignedUrl(const std::string& key, std::chrono::seconds valid) override {
    return store_->SignedUrl(key, valid);
  }

 protected:
  const std::unique_ptr<ObjectStore> store_;
};

}  // namespace eider
