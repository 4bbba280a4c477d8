// An ObjectStore in memory, for tests: it records every request and can be told to fail or to change objects at a
// chosen moment. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "object/object_store.h"

namespace eider {

enum class StoreOperation : std::uint8_t { kList, kHead, kGet, kPut, kStartUpload, kCommit, kCopy, kDelete };

struct StoreRequest {
  StoreOperation operation = StoreOperation::kGet;
  std::string key;  // of kList: the prefix
  ByteRange range;  // of kGet
};

class MemoryStore : public ObjectStore {
 public:
  // Called before each request is served, from the caller's thread and with no lock held, so that it may use the
  // store itself, e.g. to replace the object. An error that it returns is the request's answer.
  using Hook = std::function<Status(const StoreRequest&)>;

  // Called for each piece of a Get before the consumer sees it: change the bytes, or return an error in mid-body.
  using PieceHook = std::function<Status(const std::string& key, std::uint64_t offset, std::string& bytes)>;

  explicit MemoryStore(std::string name = "memory://test", bool remote = true);

  void OnRequest(Hook hook);
  void OnPiece(PieceHook hook, std::size_t piece_bytes = 64 * 1024);

  std::vector<StoreRequest> requests() const;
  std::size_t Count(StoreOperation operation) const;
  void ForgetRequests();

  std::string name() const override { return name_; }
  bool remote() const override { return remote_; }
  std::optional<std::string> LocalPath(const std::string&) const override { return std::nullopt; }

  Result<ListPage> List(const ListRequest& request, const Call& call = {}) override;
  Result<ObjectInfo> Head(const std::string& key, const Call& call = {}) override;
  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call = {}) override;
  Result<ObjectInfo> Put(const std::string& key, std::span<const char> bytes, const PutCondition& condition = {},
                         const Call& call = {}) override;
  Result<std::unique_ptr<Upload>> StartUpload(const std::string& key, const PutCondition& condition = {},
                                              const Call& call = {}) override;
  Result<ObjectInfo> Copy(const std::string& from, const std::string& to, const Call& call = {}) override;
  Status Delete(const std::string& key, const Call& call = {}) override;

 private:
  friend class MemoryUpload;

  struct Object {
    std::shared_ptr<const std::string> bytes;  // shared, so that a Get keeps what it began to read
    ObjectInfo info;
  };

  Status Enter(StoreRequest request, const Call& call);
  Result<Object> Find(const std::string& key) const;
  Result<ObjectInfo> Store(const std::string& key, std::string bytes, const PutCondition& condition);

  const std::string name_;
  const bool remote_;
  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::vector<StoreRequest> requests_;
  Hook hook_;
  PieceHook piece_hook_;
  std::size_t piece_bytes_ = 64 * 1024;
};

}  // namespace eider
