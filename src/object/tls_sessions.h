// The TLS sessions that the connections to one server have been given, so that later ones resume them: no certificates
// are sent and checked again, and under TLS 1.2 a round trip less is waited for. In memory alone, bounded, thread-safe.
//
// A session stands for a certificate that was verified: by these roots, for this server's name. So there is one of
// these for each server, port and set of roots, and whoever verified it at first does not speak for it longer than
// kLongest, however often the session was renewed since (RFC 8446, 4.6.1). A ticket of TLS 1.3 is offered once
// (RFC 8446, C.4), the one of TLS 1.2 again and again. What a server does not take is followed by a handshake in full;
// should a handshake fail that offered a session, none is offered for kPause.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace eider {

// As the TLS library writes it: the ticket, and the secret that belongs to it.
using SerializedSession = std::vector<std::uint8_t>;

class TlsSessions : public std::enable_shared_from_this<TlsSessions> {
 public:
  // Certificates are valid for months and withdrawn rarely; a handshake in full each hour costs nothing.
  static constexpr std::chrono::hours kLongest{1};
  // A server that cannot bear sessions is hardly asked, and a connection that broke by chance costs little.
  static constexpr std::chrono::minutes kPause{1};
  // Servers' tickets have 100 to 300 bytes; one that is as long as the certificates (4 KB) saves nothing.
  static constexpr std::size_t kLargestBytes = 4096;

  struct Session {
    std::uint64_t number = 0;
    SerializedSession bytes;
    WallTime verified{};
    WallTime ends{};
    bool reusable = false;
    bool Good(WallTime now) const { return verified <= now && now < ends; }  // clocks may be set back
  };

  // What is known of one connection, from Begin to Gone. Used by one thread at a time.
  struct Handshake {
    WallTime begun{};
    std::uint64_t offered = 0;  // the session's number; 0 for none
    WallTime offered_verified{};
    bool succeeded = false;
    std::optional<Session> early;  // came before the server's end of the handshake was verified (RFC 5077, 3.3)
  };

  struct Ticket {
    SerializedSession session;
    std::chrono::seconds lifetime{0};  // as the server says; 0 for nothing said
    bool reusable = false;             // TLS 1.2
    bool resumed = false;              // it came by a connection that was itself resumed
  };

  // `most` sessions are kept: as many as there are connections at once, for all may be opened anew after a pause.
  explicit TlsSessions(std::size_t most) : most_(most) {}

  // Before the handshake. What it is to offer; empty for nothing.
  SerializedSession Begin(Handshake& handshake, WallTime now);
  // What Begin gave is not used: the library cannot read it, or the server does not take it.
  void Declined(Handshake& handshake);
  // During the handshake or after it.
  void Keep(Handshake& handshake, Ticket ticket, WallTime now);
  // By the session offered, or in full.
  void Succeeded(Handshake& handshake, bool resumed);
  void Failed(Handshake& handshake, WallTime now);
  // The connection's end. Without success before it, the handshake has failed.
  void Gone(Handshake& handshake, WallTime now);

  // Of handshakes that offered a session. Whoever sees it rise may ask again: the next one is in full.
  std::uint64_t failures() const;

 private:
  void Store(Session session);
  void Forget(std::uint64_t number);

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::deque<Session> sessions_;  // the newest last
  std::uint64_t numbers_ = 0;
  std::uint64_t failures_ = 0;
  WallTime pause_ends_{};
};

}  // namespace eider
