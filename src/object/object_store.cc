#include "object/object_store.h"

#include <fmt/format.h>

#include "base/text.h"
#include "object/https_store.h"
#include "object/local_store.h"
#include "object/ranges.h"
#include "object/s3_store.h"

namespace eider {

Status CheckKey(std::string_view key) {
  const auto wrong = [&](std::string_view why) {
    return Invalid(fmt::format("'{}' is not a key: {}.", key.substr(0, 200), why), "key");
  };
  if (key.empty()) return Invalid("A key cannot be empty.", "key");
  if (key.front() == '/') return wrong("it begins with '/'");
  if (key.find('\0') != std::string_view::npos) return Invalid("A key cannot hold a NUL byte.", "key");
  for (const std::string& segment : Split(key, '/')) {
    if (segment == "." || segment == "..") return wrong("it has a segment '" + segment + "'");
  }
  return {};
}

Result<std::vector<UnfinishedUpload>> ObjectStore::ListUploads(const Call&) { return std::vector<UnfinishedUpload>(); }

Status ObjectStore::AbortUpload(const UnfinishedUpload&, const Call&) { return {}; }

Result<std::optional<std::string>> ObjectStore::SignedUrl(const std::string&, std::chrono::seconds) {
  return std::optional<std::string>();
}

std::unique_ptr<PendingGet> ObjectStore::StartGet(const GetRequest& request, ByteConsumer consume, GetDone done,
                                                  const Call& call) {
  return AnsweredAtOnce(done, Get(request, consume, call));
}

Result<std::unique_ptr<ObjectStore>> OpenStore(const std::string& root, const StoreOptions& options) {
  if (root.empty()) return Invalid("The lake's root is empty. Name a folder, s3://bucket/prefix or https://host/path.");
  if (root.starts_with("s3://")) return OpenS3Store(root, options);
  if (root.starts_with("https://") || root.starts_with("http://")) return OpenHttpsStore(root, options);
  const auto scheme_end = root.find("://");
  if (scheme_end != std::string::npos) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("'{}://' is no kind of store. Name a folder, s3://bucket/prefix or https://host/path.",
                             root.substr(0, scheme_end)),
                 {}};
  }
  return OpenLocalStore(root);
}

Result<std::string> GetAll(ObjectStore& store, const std::string& key, std::uint64_t limit_bytes, const Call& call) {
  std::string bytes;
  bool too_long = false;
  GetRequest request;
  request.key = key;
  const auto got = store.Get(
      request,
      [&](std::span<const char> piece) {
        too_long = piece.size() > limit_bytes - bytes.size();
        if (!too_long) bytes.append(piece.data(), piece.size());
        return !too_long;
      },
      call);
  if (too_long) {
    return Error{
        ErrorKind::kExhausted, fmt::format("'{}' is larger than the limit of {}.", key, HumanBytes(limit_bytes)), {}};
  }
  if (!got.ok()) return got.error();
  return bytes;
}

}  // namespace eider
