#include "catalog/known_objects.h"

#include <atomic>
#include <utility>

#include "catalog/keys.h"

namespace eider {
namespace {

// Of an object whose size is not known yet: enough for the footers of most.
constexpr std::uint64_t kTailBytes = 64 << 10;

// As many as one dataset may have (catalog/listings), at some 200 bytes each.
constexpr std::size_t kKeptObjects = 100'000;

}  // namespace

KnownObjects::KnownObjects(ObjectStore& store, std::chrono::milliseconds age, SteadyClock clock)
    : store_(store), age_(age), clock_(std::move(clock)), kept_(kKeptObjects) {}

Result<KnownObject> KnownObjects::Get(const std::string& key, const Call& call) {
  const auto ask = [&]() -> Result<KnownObject> {
    const auto known = kept_.Get(key);
    const SteadyTime now = clock_();
    if (known && now - known->seen < age_) return KnownObject{known->info, nullptr};
    auto object = known ? Revalidate(known->info, call) : LookUp(key, "", call);
    if (object) kept_.Put(key, {object->info, now});
    return object;
  };
  // What was asked before this call is no answer to it when nothing is to be believed for any time.
  return age_.count() > 0 ? flights_.Do(key, call, ask) : ask();
}

Result<KnownObject> KnownObjects::Revalidate(const ObjectInfo& known, const Call& call) {
  std::atomic<bool> repeated{false};
  Call watched = call;
  watched.on_retry = [&](RetryCause cause) {
    repeated = true;
    if (call.on_retry) call.on_retry(cause);
  };
  auto object = LookUp(known.key, known.etag, watched);
  if (object || object.error().kind != ErrorKind::kConflict) return object;
  // A new object that was replaced while it was read is a conflict too; its read was broken off and repeated.
  return repeated ? LookUp(known.key, "", call) : KnownObject{known, nullptr};
}

// kConflict: it is as it was known.
Result<KnownObject> KnownObjects::LookUp(const std::string& key, const std::string& known_etag, const Call& call) {
  KnownObject object;
  if (!store_.remote() || FormatOfKey(key) != SourceFormat::kParquet) {
    auto info = store_.Head(key, call);
    if (!info) return info.error();
    object.info = *std::move(info);
    return object;
  }
  auto bytes = std::make_shared<std::string>();
  const auto append = [&](std::span<const char> piece) {
    bytes->append(piece.data(), piece.size());
    return true;
  };
  auto info = store_.Get({key, ByteRange::Suffix(kTailBytes), {}, known_etag}, append, call);
  if (!info) return info.error();
  object.info = *std::move(info);
  object.tail = std::move(bytes);
  return object;
}

}  // namespace eider
