#include "base/unique_id.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace eider {

std::string UniqueId() {
  std::array<std::uint8_t, 16> bytes;
  // Up to 256 bytes are given whole and uninterrupted once the kernel's pool is seeded: getrandom(2).
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  id.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 15];
  }
  return id;
}

}  // namespace eider
