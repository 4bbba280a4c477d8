// What the server and its connections share. Kept alive by each of them, so that a late Reply finds valid memory.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/asio_types.h"
#include "server/server.h"
#include "server/tls.h"

namespace eider {

class Connection;

// The connections that are open. Thread-safe.
class ConnectionSet {
 public:
  // A connection that is added while draining is told so.
  void Add(const std::shared_ptr<Connection>& connection);
  void Remove(Connection* connection);
  std::size_t size() const;

  // True from the beginning of Drain on: a response that begins now says that the connection will close.
  bool draining() const { return draining_; }

  // Tells every connection to end when its response has ended; `on_empty` is called once, on any thread, when the
  // last has gone, or now.
  void Drain(std::function<void()> on_empty);

  // Ends every connection now.
  void CutAll();

 private:
  std::vector<std::shared_ptr<Connection>> Locked() const;

  mutable std::mutex mutex_;
  std::unordered_map<Connection*, std::weak_ptr<Connection>> open_;
  std::atomic<bool> draining_ = false;
  std::function<void()> on_empty_;
};

struct Core {
  Core(ServerOptions given, Handler& served)
      : options(std::move(given)),
        handler(served),
        stats(options.stats ? options.stats : std::make_shared<ServerStats>()),
        io(static_cast<int>(options.threads)) {}

  std::string Date() const { return HttpDate(options.wall_clock()); }

  const ServerOptions options;
  Handler& handler;
  const std::shared_ptr<ServerStats> stats;
  std::unique_ptr<TlsContext> tls;  // null: plain HTTP; set before the first connection
  ConnectionSet connections;
  asio::io_context io;
};

}  // namespace eider
