// The file of API keys that `eider keys` writes and `eider serve` reads: JSON, which is YAML too, so that a wrong edit
// is told with line and column. It holds no key, only the SHA-256 of each. A key is 256 random bits, so there is
// nothing to guess faster than by trying all: a slow hash, which protects what people choose, would add nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace eider {

// Tells one state of the file from another without reading it.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // of its mode too

  bool operator==(const FileStamp&) const = default;
};
FileStamp StampOf(const std::string& path);  // of a file that is not there: size -1

// kNotFound; kInvalid for a file that others may write or all may read, that is no file of keys, or holds one twice.
Result<std::vector<ApiKey>> ReadKeyFile(const std::string& path);

// Reads, changes and replaces it, whole or not at all, with mode 0600; one that is not there is made. Two at once wait
// for each other.
Status ChangeKeyFile(const std::string& path, const std::function<Status(std::vector<ApiKey>&)>& change);

// A new key: "eider_" and 256 random bits in base64url.
Result<std::string> MakeApiKey();

// What a key is called where it must not be shown: 12 digits of its hash.
std::string KeyId(const ApiKey& key);

}  // namespace eider
