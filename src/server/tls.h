// TLS for a connection, by OpenSSL. It never waits: where it must, it says for what, and the connection waits on its
// socket; so one Connection serves both, and a TLS connection that is idle holds no buffers.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace eider {

// One connection's TLS over its socket, which must be non-blocking and outlives it. One thread at a time.
class TlsSession {
 public:
  enum class Want : std::uint8_t {
    kNothing,  // done
    kRead,     // again when the socket can be read
    kWrite,    // again when it can be written
    kEnd,      // the other side has ended it, in order or not; nothing more can be done
  };
  struct Done {
    Want want = Want::kNothing;
    std::size_t size = 0;  // bytes, when want is kNothing
  };

  TlsSession(std::shared_ptr<ssl_ctx_st> context, int socket);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Want Accept();
  Done Read(std::span<char> out);
  Done Peek(std::span<char> out);
  // A write that wants something is repeated with the same bytes.
  Done Write(std::span<const char> bytes);

  // Bytes that the socket does not show any more.
  bool HasPending() const;

  // Says that no more will come, so that the client knows it has all (RFC 8446 section 6.1). A reset says nothing.
  void Close();

  const std::string& failure() const { return failure_; }  // why it ended out of order
  bool spoke_http() const { return spoke_http_; }          // to Accept, where TLS was expected

 private:
  template <class Operation, class Bytes>
  Done Try(Operation operation, Bytes bytes);
  Want Judge(int returned);

  const std::shared_ptr<ssl_ctx_st> context_;
  const std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  bool usable_ = true;
  bool spoke_http_ = false;
  std::string failure_;
};

// The certificate and its key. Thread-safe.
class TlsContext {
 public:
  TlsContext(std::string cert_file, std::string key_file);

  // Reads both files; sessions that are there keep what they began with. kInvalid names the file and what is wrong: not
  // there, no PEM, encrypted, expired, of another key.
  Status Load();

  std::unique_ptr<TlsSession> NewSession(int socket) const;

 private:
  const std::string cert_file_;
  const std::string key_file_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace eider
