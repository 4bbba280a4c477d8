#include "api/key_ring.h"

#include <openssl/crypto.h>

#include "base/digest.h"
#include "base/log.h"

namespace eider {
namespace {

std::vector<std::shared_ptr<const ApiKey>> Shared(std::vector<ApiKey> keys) {
  std::vector<std::shared_ptr<const ApiKey>> shared;
  for (ApiKey& key : keys) shared.push_back(std::make_shared<const ApiKey>(std::move(key)));
  return shared;
}

}  // namespace

Result<std::shared_ptr<KeyRing>> KeyRing::Open(std::vector<ApiKey> configured, std::string file) {
  std::shared_ptr<KeyRing> ring(new KeyRing(Shared(std::move(configured)), std::move(file)));
  if (ring->file_.empty()) return ring;
  if (auto status = ring->Load(); !status) return status.error();
  return ring;
}

Result<std::shared_ptr<const ApiKey>> KeyRing::Find(std::string_view secret) {
  const auto from_file = FromFile();
  if (!from_file) return from_file.error();
  const std::string digest = Sha256Hex(secret);
  std::shared_ptr<const ApiKey> found;
  // All of them, in constant time each: how long it takes says nothing of a key.
  for (const Keys* keys : {&configured_, from_file->get()}) {
    for (const auto& key : *keys) {
      if (key->sha256.size() == digest.size() && CRYPTO_memcmp(key->sha256.data(), digest.data(), digest.size()) == 0) {
        found = key;
      }
    }
  }
  return found;
}

Result<std::shared_ptr<const KeyRing::Keys>> KeyRing::FromFile() {
  const std::lock_guard lock(mutex_);
  if (!file_.empty() && StampOf(file_) != stamp_) {
    if (auto status = Load(); !status) {
      Log(LogLevel::kError, "keys_unreadable", {{"message", std::string_view(status.error().message)}});
    } else {
      Log(LogLevel::kInfo, "keys_read", {{"keys", static_cast<std::int64_t>(keys_->size())}});
    }
  }
  if (!loaded_) return Error{ErrorKind::kUnavailable, "API keys cannot be checked now; the server's log says why", {}};
  return keys_;
}

// The stamp is taken before the reading: a change in between is found by the next look.
Status KeyRing::Load() {
  stamp_ = StampOf(file_);
  auto keys = ReadKeyFile(file_);
  keys_ = std::make_shared<Keys>(keys ? Shared(*std::move(keys)) : Keys());
  loaded_ = keys ? Status() : Status(keys.error());
  return loaded_;
}

}  // namespace eider
