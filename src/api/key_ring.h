// KeyRing: the API keys that are valid now: those of eider.yaml, and those of a file that is looked at for each
// request, so that a key that was revoked is refused from the next one on. A file that cannot be read any more opens
// nothing: a revoked key must not live on in memory. Thread-safe; a look is one stat(2).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/key_file.h"

namespace eider {

class KeyRing {
 public:
  // `file` may be empty. Its errors are ReadKeyFile's.
  static Result<std::shared_ptr<KeyRing>> Open(std::vector<ApiKey> configured, std::string file = {});

  // The key with this secret, expired or not; null: there is none. kUnavailable when the file cannot be read.
  Result<std::shared_ptr<const ApiKey>> Find(std::string_view secret);

  // Whether there is, or may be from one request to the next, any key.
  bool MayHaveKeys() const { return !configured_.empty() || !file_.empty(); }

 private:
  using Keys = std::vector<std::shared_ptr<const ApiKey>>;
  KeyRing(Keys configured, std::string file) : configured_(std::move(configured)), file_(std::move(file)) {}
  Result<std::shared_ptr<const Keys>> FromFile();
  Status Load();

  const Keys configured_;
  const std::string file_;
  std::mutex mutex_;  // guards what follows
  FileStamp stamp_;
  std::shared_ptr<const Keys> keys_ = std::make_shared<Keys>();
  Status loaded_;
};

}  // namespace eider
