// Cancels: the answers under way that may be cancelled by their id. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "api/body.h"

namespace eider {

class Cancels : public std::enable_shared_from_this<Cancels> {
 public:
  static std::shared_ptr<Cancels> Make() { return std::shared_ptr<Cancels>(new Cancels()); }

  // The body, which ends with kCancelled once it is cancelled; known by `id` for as long as it lives.
  std::unique_ptr<Body> Watch(const std::string& id, const std::string& client, std::unique_ptr<Body> body);

  // False: this client has no answer of that id under way.
  bool Cancel(const std::string& id, const std::string& client);

 private:
  struct Entry {
    std::string client;
    std::stop_source stop;
  };
  class WatchedBody;

  Cancels() = default;
  void Forget(const std::string& id);

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace eider
