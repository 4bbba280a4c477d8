// Server: the HTTP/1.1 transport over a Handler.
//
// Ownership: the server borrows its Handler, which must outlive it; a Reply may be called at any time, even after
// the server is gone, and is then ignored.
// Threads: Run serves on the calling thread and on options.threads - 1 more, and returns when the server has drained.
// Handle, Body::Read and the destruction of bodies happen on these threads, one connection at a time, and must not
// block. port, stats and Stop may be called from any thread.
//
// A slow reader costs a socket, one buffer of `body_buffer_bytes`, and no thread. A body that is pending costs no
// buffer either. 1,000 readers therefore hold at most 64 MiB; `max_connections` bounds the whole.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http.h"
#include "base/clock.h"
#include "base/result.h"

namespace eider {

// For /metrics. Every number only grows, except connections_open.
struct ServerStats {
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> connections_refused{0};  // beyond max_connections
  std::atomic<std::uint64_t> responses[6] = {};       // by status class: responses[2] counts 2xx; [0] is unused
  std::atomic<std::uint64_t> bytes_sent{0};           // heads and framing included
  std::atomic<std::uint64_t> cut{0};                  // stalled readers and what Stop did not wait for
  std::atomic<std::uint64_t> clients_left{0};         // before the response was complete
  std::atomic<std::uint64_t> errors{0};               // bodies that ended in an error after the first byte
  std::atomic<std::uint64_t> tls_failures{0};         // handshakes that did not come about
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // an address or a name of this machine; "0.0.0.0" and "::" are everywhere
  std::uint16_t port = 0;             // 0: the system chooses, see Server::port
  unsigned threads = 2;

  // PEM files of the certificate with its chain, and of its private key: HTTPS. Both or none. The process must ignore
  // SIGPIPE, for OpenSSL writes without MSG_NOSIGNAL.
  std::string tls_cert;
  std::string tls_key;

  std::chrono::milliseconds idle_timeout{60'000};       // without a request on an open connection: closed
  std::chrono::milliseconds handshake_timeout{10'000};  // for TLS: closed
  std::chrono::milliseconds header_timeout{10'000};     // from a request's first byte to the end of its header: 408
  std::chrono::milliseconds body_timeout{30'000};       // for a whole request body: 408
  // A reader that takes nothing for so long is cut. Its kernel says in steps of up to 128 KiB what it took, so a
  // minute spares every reader that is faster than about 2 KiB/s.
  std::chrono::milliseconds stall_timeout{60'000};
  std::chrono::milliseconds linger_timeout{2'000};  // to let a refused client read why, before the socket closes

  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_target_bytes = 8 * 1024;
  std::uint64_t max_body_bytes = 1024 * 1024;
  std::size_t max_connections = 2048;  // more get 503; needs as many file descriptors

  // Measured with a body of 619 MB: see the table in connection.cc.
  std::size_t body_buffer_bytes = 64 * 1024;

  WallClock wall_clock = SystemWallClock();  // for the header Date
  std::shared_ptr<ServerStats> stats;        // given by who wants to count over several servers; else made by Listen
};

class Server {
 public:
  // Binds and listens; clients may connect from now on and are answered once Run is called. Raises the process's soft
  // limit of open files, where the hard limit allows, to what max_connections needs.
  static Result<std::unique_ptr<Server>> Listen(ServerOptions options, Handler& handler);

  // Not while Run is under way.
  ~Server();

  // Reads the certificate and its key again, for connections to come; any thread. An error changes nothing.
  Status ReloadCertificate();

  std::uint16_t port() const;
  const ServerStats& stats() const;

  // Blocks until Stop was called and every connection has ended. Once.
  void Run();

  // Begins the end and returns at once: no new connections, idle ones are closed, requests in flight finish, and
  // what is left after `grace` is cut. A second call can only shorten the grace; 0 cuts at once.
  // Not to be called from a signal handler.
  void Stop(std::chrono::milliseconds grace = std::chrono::seconds(30));

 private:
  class State;
  explicit Server(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace eider
