// SHA-256, by OpenSSL.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace eider {

// Fed in pieces. Thread-compatible.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::span<const char> bytes);
  std::string Finish();  // 32 raw bytes; once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string Sha256Hex(std::string_view text);

std::string Base64(std::string_view bytes);
// RFC 4648 section 5, without padding; decoding answers "" for anything else.
std::string Base64Url(std::string_view bytes);
std::string Base64UrlDecode(std::string_view text);

}  // namespace eider
