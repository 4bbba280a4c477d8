#include "object/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "object/ranges.h"

namespace eider {
namespace {

// One for the process: caches know bytes by their ETag, whichever store they are of.
std::uint64_t NextVersion() {
  static std::atomic<std::uint64_t> version{0};
  return ++version;
}

}  // namespace

class MemoryUpload : public Upload {
 public:
  MemoryUpload(MemoryStore& store, std::string key, PutCondition condition, Call call)
      : store_(store), key_(std::move(key)), condition_(std::move(condition)), call_(std::move(call)) {}

  Status Write(std::span<const char> bytes) override {
    if (!open_) return Internal(fmt::format("A write to '{}' after its upload ended.", key_));
    if (auto bounds = CheckCall(call_, "write '" + key_ + "'"); !bounds.ok()) return bounds;
    bytes_.append(bytes.data(), bytes.size());
    return {};
  }

  Result<ObjectInfo> Commit() override {
    if (!open_) return Internal(fmt::format("'{}' was committed after its upload ended.", key_));
    open_ = false;
    if (auto entered = store_.Enter({StoreOperation::kCommit, key_, {}}, call_); !entered.ok()) return entered.error();
    return store_.Store(key_, std::move(bytes_), condition_);
  }

  void Abort() override {
    open_ = false;
    bytes_ = {};
  }

 private:
  MemoryStore& store_;
  const std::string key_;
  const PutCondition condition_;
  const Call call_;
  std::string bytes_;
  bool open_ = true;
};

MemoryStore::MemoryStore(std::string name, bool remote) : name_(std::move(name)), remote_(remote) {}

void MemoryStore::OnRequest(Hook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void MemoryStore::OnPiece(PieceHook hook, std::size_t piece_bytes) {
  const std::lock_guard lock(mutex_);
  piece_hook_ = std::move(hook);
  piece_bytes_ = piece_bytes;
}

std::vector<StoreRequest> MemoryStore::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t MemoryStore::Count(StoreOperation operation) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      requests_.begin(), requests_.end(), [&](const StoreRequest& request) { return request.operation == operation; }));
}

void MemoryStore::ForgetRequests() {
  const std::lock_guard lock(mutex_);
  requests_.clear();
}

Status MemoryStore::Enter(StoreRequest request, const Call& call) {
  if (auto bounds = CheckCall(call, "reach '" + request.key + "'"); !bounds.ok()) return bounds;
  if (request.operation != StoreOperation::kList) {
    if (auto valid = CheckKey(request.key); !valid.ok()) return valid;
  }
  Hook hook;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    hook = hook_;
  }
  return hook ? hook(request) : Status();
}

Result<MemoryStore::Object> MemoryStore::Find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return NotFound(fmt::format("'{}' does not exist in {}.", key, name_));
  return found->second;
}

Result<ObjectInfo> MemoryStore::Store(const std::string& key, std::string bytes, const PutCondition& condition) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (condition.if_absent && found != objects_.end()) {
    return Error{ErrorKind::kConflict, fmt::format("'{}' exists already.", key), {}};
  }
  if (!condition.if_match.empty()) {
    if (found == objects_.end()) return NotFound(fmt::format("'{}' does not exist in {}.", key, name_));
    if (found->second.info.etag != condition.if_match) {
      return Error{ErrorKind::kConflict, fmt::format("'{}' was changed by someone else.", key), {}};
    }
  }
  Object object;
  object.info = {key, bytes.size(), fmt::format("v{}", NextVersion()), SystemWallClock()()};
  object.bytes = std::make_shared<const std::string>(std::move(bytes));
  objects_[key] = object;
  return object.info;
}

Result<ListPage> MemoryStore::List(const ListRequest& request, const Call& call) {
  if (auto valid = CheckListRequest(request); !valid.ok()) return valid.error();
  if (auto entered = Enter({StoreOperation::kList, request.prefix, {}}, call); !entered.ok()) return entered.error();
  const std::lock_guard lock(mutex_);
  ListPage page;
  std::string last = request.continuation;
  for (auto at = objects_.lower_bound(request.prefix); at != objects_.end(); ++at) {
    const std::string& key = at->first;
    if (!key.starts_with(request.prefix)) break;
    const auto slash = request.recursive ? std::string::npos : key.find('/', request.prefix.size());
    const std::string entry = slash == std::string::npos ? key : key.substr(0, slash + 1);
    if (entry <= last) continue;
    if (static_cast<int>(page.objects.size() + page.prefixes.size()) == request.max_keys) {
      page.next = last;
      break;
    }
    if (slash == std::string::npos) {
      page.objects.push_back(at->second.info);
    } else {
      page.prefixes.push_back(entry);
    }
    last = entry;
  }
  return page;
}

Result<ObjectInfo> MemoryStore::Head(const std::string& key, const Call& call) {
  if (auto entered = Enter({StoreOperation::kHead, key, {}}, call); !entered.ok()) return entered.error();
  auto object = Find(key);
  if (!object.ok()) return object.error();
  return object->info;
}

Result<ObjectInfo> MemoryStore::Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) {
  if (auto entered = Enter({StoreOperation::kGet, request.key, request.range}, call); !entered.ok()) {
    return entered.error();
  }
  const auto object = Find(request.key);
  if (!object.ok()) return object.error();
  if (auto met = CheckGetConditions(request, object->info.etag); !met.ok()) return met.error();
  auto extent = ResolveRange(request.range, object->info.size_bytes, request.key);
  if (!extent.ok()) return extent.error();

  PieceHook hook;
  std::size_t piece_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    hook = piece_hook_;
    piece_bytes = piece_bytes_;
  }
  while (extent->length > 0) {
    if (auto bounds = CheckCall(call, "read '" + request.key + "'"); !bounds.ok()) return bounds.error();
    std::string piece = object->bytes->substr(extent->offset, std::min<std::uint64_t>(piece_bytes, extent->length));
    extent->length -= piece.size();
    if (hook) {
      if (auto passed = hook(request.key, extent->offset, piece); !passed.ok()) return passed.error();
    }
    extent->offset += piece.size();
    if (!consume(piece)) return StoppedByConsumer(request.key);
  }
  return object->info;
}

Result<ObjectInfo> MemoryStore::Put(const std::string& key, std::span<const char> bytes, const PutCondition& condition,
                                    const Call& call) {
  if (auto entered = Enter({StoreOperation::kPut, key, {}}, call); !entered.ok()) return entered.error();
  return Store(key, std::string(bytes.data(), bytes.size()), condition);
}

Result<std::unique_ptr<Upload>> MemoryStore::StartUpload(const std::string& key, const PutCondition& condition,
                                                         const Call& call) {
  if (auto entered = Enter({StoreOperation::kStartUpload, key, {}}, call); !entered.ok()) return entered.error();
  return std::unique_ptr<Upload>(std::make_unique<MemoryUpload>(*this, key, condition, call));
}

Result<ObjectInfo> MemoryStore::Copy(const std::string& from, const std::string& to, const Call& call) {
  if (auto valid = CheckKey(to); !valid.ok()) return valid.error();
  if (auto entered = Enter({StoreOperation::kCopy, from, {}}, call); !entered.ok()) return entered.error();
  const auto object = Find(from);
  if (!object.ok()) return object.error();
  return Store(to, *object->bytes, {});
}

Status MemoryStore::Delete(const std::string& key, const Call& call) {
  if (auto entered = Enter({StoreOperation::kDelete, key, {}}, call); !entered.ok()) return entered;
  const std::lock_guard lock(mutex_);
  objects_.erase(key);
  return {};
}

}  // namespace eider
