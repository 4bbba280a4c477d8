// Connection: one client's socket, with or without TLS, and its time limits. Knows no HTTP.
//
// Everything runs on the connection's strand except where a method says "any thread". The coroutine that serves the
// client owns it; pending operations hold it until Close.
//
// While a response is being waited for, the socket is watched: a client that closes its side has left (a client that
// only half-closes is taken for one that left, as nginx does, because the two look alike), and bytes that arrive are
// a pipelined request, which is thrown away because the connection will be closed (see serve.h).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "server/asio_types.h"
#include "server/core.h"
#include "server/tls.h"

namespace eider {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Why the connection cannot be used any more.
  enum class Ending : std::uint8_t { kNone, kClientLeft, kStalled, kStopped };
  using Pieces = std::array<asio::const_buffer, 5>;
  using Milliseconds = std::chrono::milliseconds;

  Connection(std::shared_ptr<Core> core, Socket socket);

  Core& core() const { return *core_; }
  Strand strand() const { return strand_; }
  const std::string& peer() const { return peer_; }
  Ending ending() const { return ending_; }
  bool draining() const { return core_->connections.draining(); }

  // Before anything else: TLS, where the server has a certificate. False when it did not come about within `limit`.
  Awaitable<bool> Handshake(Milliseconds limit);

  // Waits for the first byte of a request. False when there will be none: left, idle too long, or draining.
  Awaitable<bool> WaitForInput(Milliseconds limit);

  // One limit at a time: until ClearLimit or the next SetLimit, Read fails once `limit` has passed.
  void SetLimit(Milliseconds limit);
  void ClearLimit();
  bool limit_expired() const { return limit_expired_; }

  // At least one byte, or 0 when none will come.
  Awaitable<std::size_t> Read(std::span<char> out);

  // Writes all, in one gathered call when the socket takes it. False when the connection has ended.
  Awaitable<bool> Send(const Pieces& pieces);

  // From here to ClearLimit a Send that makes no progress for `limit` (up to a quarter more) ends the connection:
  // neither a byte was taken from us nor one acknowledged by the client's kernel.
  void CutWhenStalled(Milliseconds limit);

  // Waits for Wake; false when the client has left or the connection was cut.
  Awaitable<bool> WaitForWake();

  // Ends the current or the next WaitForWake. The function may be called on any thread and at any time.
  std::function<void()> Waker();

  // True when bytes of another request are there before the response has ended.
  bool HasEarlyInput();
  void NoteEarlyInput() { early_input_ = true; }

  // Ends so that the client cannot take what it got for the whole: a reset, RFC 9112 section 8.
  void Abort(Ending ending);

  // Says that no more will come, then reads on for a while so that unread input does not make the kernel reset the
  // connection before the client has read the response (RFC 9112 section 9.6).
  Awaitable<void> CloseAfterLinger();
  void Close();

  // Any thread. Drain closes the connection if it waits for a request; else draining() is looked at when it would.
  void Drain();
  void Cut();

 private:
  // Waits until the socket can do what TLS wants; false at the end, and when the limit has expired.
  Awaitable<bool> WaitFor(TlsSession::Want want);
  Awaitable<bool> SendTls(const Pieces& pieces);
  Awaitable<bool> SendRecord(const std::string& record);
  Awaitable<void> SayHttps();
  // At most this much that is there now: 0 at the end, nullopt when there is nothing yet.
  std::optional<std::size_t> ReadNow(std::span<char> out);
  bool HasInputNow();

  void Wake();
  void OnLimit();
  void ArmProgressTimer();
  void OnProgressTimer();
  int UnacknowledgedBytes();
  void WatchInput();
  void ExamineInput();

  const std::shared_ptr<Core> core_;
  const Strand strand_;
  Socket socket_;
  Timer limit_timer_;
  Timer wake_timer_;
  std::string peer_;
  std::unique_ptr<TlsSession> tls_;

  Ending ending_ = Ending::kNone;
  bool idle_ = false;
  bool handshaking_ = false;
  bool lingering_ = false;

  std::uint64_t limit_generation_ = 0;  // a limit that fires after it was replaced is ignored
  bool limit_expired_ = false;

  Milliseconds stall_limit_{0};
  std::chrono::steady_clock::time_point last_progress_;
  bool sending_ = false;
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t sent_at_last_look_ = 0;
  int unacknowledged_at_last_look_ = 0;

  bool woken_ = false;
  bool watching_ = false;
  bool input_seen_ = false;
  bool early_input_ = false;
  std::size_t early_input_budget_ = 1024 * 1024;  // thrown away at most; then the kernel's buffer holds the client back
};

}  // namespace eider
