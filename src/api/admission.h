// Admission: what one client (a key's name, else an address) may ask at once: requests a second, and downloads under
// way. Thread-safe; time is passed in.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"

namespace eider {

struct ClientLimits {
  // The defaults stop a loop that runs away and let one machine be a thousand readers.
  double requests_per_second = 500;  // refilled evenly; 0: no limit
  double burst = 2000;               // requests that may come at once after a pause
  std::size_t downloads = 2000;      // under way at once; 0: no limit
};

class Admission : public std::enable_shared_from_this<Admission> {
 public:
  static std::shared_ptr<Admission> Make(ClientLimits limits);

  // Seconds to wait before the next request; nullopt: come in.
  std::optional<std::uint64_t> Refuse(const std::string& client, SteadyTime now);

  // A download under way, until it is destroyed. Null: the client has too many.
  using Slot = std::shared_ptr<void>;
  Slot Begin(const std::string& client);

 private:
  struct Client {
    double tokens = 0;
    SteadyTime filled{};
    std::size_t downloads = 0;
    std::list<std::string>::iterator place;  // in order_
  };

  explicit Admission(ClientLimits limits) : limits_(limits) {}
  Client& Find(const std::string& client);
  void End(const std::string& client);

  const ClientLimits limits_;
  std::mutex mutex_;
  std::list<std::string> order_;  // most recently seen first; the last without downloads is forgotten above kClients
  std::unordered_map<std::string, Client> clients_;
};

}  // namespace eider
