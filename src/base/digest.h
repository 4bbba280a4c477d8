// SHA-256, by OpenSSL.
#pragma once

#include <memory>
#include <optional>
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

// 128 bits of the SHA-256 of a list of parts, each preceded by its length, so that no two lists have one digest by
// accident.
class PartsDigest {
 public:
  void Add(std::string_view part);
  std::string Hex() const;  // 32 digits

 private:
  std::string text_;
};

std::string Base64(std::string_view bytes);
// RFC 4648 section 4, with its padding; nullopt for anything else.
std::optional<std::string> Base64Decode(std::string_view text);
// RFC 4648 section 5, without padding; decoding answers "" for anything else.
std::string Base64Url(std::string_view bytes);
std::string Base64UrlDecode(std::string_view text);

}  // namespace eider
