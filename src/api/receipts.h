// Receipts: what was delivered for a request, kept for a while for who asks afterwards. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace eider {

struct Receipt {
  std::string production;  // key of the spool that the bytes came from
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;     // of the whole result
  std::string digest_sha256;  // raw; empty: not computed yet
};

class Receipts {
 public:
  explicit Receipts(std::size_t kept = 10'000) : kept_(kept) {}

  void Put(const std::string& request_id, Receipt receipt);
  std::optional<Receipt> Find(const std::string& request_id) const;

 private:
  const std::size_t kept_;
  mutable std::mutex mutex_;
  std::list<std::string> order_;  // oldest first
  std::unordered_map<std::string, Receipt> receipts_;
};

}  // namespace eider
