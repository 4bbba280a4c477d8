// Admission: what one client may ask at once: requests a second by a token bucket, and answers under way. The limits
// come with each call, for they belong to the client. Thread-safe; time is passed in.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "catalog/client_limits.h"

namespace eider {

// A client's bucket after one request.
struct RateState {
  bool admitted = true;
  std::uint64_t remaining = 0;    // requests that may come now
  std::uint64_t retry_after = 0;  // seconds to the next one; 0 when `remaining` is not
  std::uint64_t full_after = 0;   // seconds until the burst may come again
};

class Admission : public std::enable_shared_from_this<Admission> {
 public:
  static std::shared_ptr<Admission> Make();

  // Takes a request out of the client's bucket, if one is left.
  RateState Take(const std::string& client, const ClientLimits& limits, SteadyTime now);

  // A query or download under way, until it is destroyed. Null: the client has too many.
  using Slot = std::shared_ptr<void>;
  Slot Begin(const std::string& client, const ClientLimits& limits);

 private:
  struct Client {
    double tokens = 0;
    SteadyTime filled{};
    std::size_t under_way = 0;
    std::list<std::string>::iterator place;  // in order_
  };

  Admission() = default;
  Client& Find(const std::string& client);
  void End(const std::string& client);

  std::mutex mutex_;
  std::list<std::string>
      order_;  // most recently seen first; the last with nothing under way is forgotten above kClients
  std::unordered_map<std::string, Client> clients_;
};

// The client that an address stands for: an IPv6 network of 64 bits, which is what one subscriber is given (RFC 6177),
// since whoever has it has as many addresses as they like; else the address.
std::string ClientOfAddress(const std::string& address);

}  // namespace eider
