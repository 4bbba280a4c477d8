#include "object/tls_sessions.h"

#include <algorithm>
#include <utility>

namespace eider {

SerializedSession TlsSessions::Begin(Handshake& handshake, WallTime now) {
  const std::lock_guard lock(mutex_);
  handshake = Handshake{};
  handshake.begun = now;
  if (now < pause_ends_) return {};
  while (!sessions_.empty() && !sessions_.back().Good(now)) sessions_.pop_back();
  if (sessions_.empty()) return {};
  Session& newest = sessions_.back();
  handshake.offered = newest.number;
  handshake.offered_verified = newest.verified;
  if (newest.reusable) return newest.bytes;
  SerializedSession bytes = std::move(newest.bytes);
  sessions_.pop_back();
  return bytes;
}

void TlsSessions::Declined(Handshake& handshake) {
  const std::lock_guard lock(mutex_);
  Forget(std::exchange(handshake.offered, 0));
}

void TlsSessions::Keep(Handshake& handshake, Ticket ticket, WallTime now) {
  const std::lock_guard lock(mutex_);
  if (ticket.session.empty() || ticket.session.size() > kLargestBytes) return;
  if (ticket.resumed && handshake.offered == 0) return;
  Session session{++numbers_, std::move(ticket.session), handshake.begun, {}, ticket.reusable};
  if (ticket.resumed) session.verified = handshake.offered_verified;
  session.ends = session.verified + kLongest;
  if (ticket.lifetime.count() > 0) session.ends = std::min<WallTime>(session.ends, now + ticket.lifetime);
  if (!session.Good(now)) return;
  if (handshake.succeeded) {
    Store(std::move(session));
  } else {
    handshake.early = std::move(session);
  }
}

void TlsSessions::Succeeded(Handshake& handshake, bool resumed) {
  const std::lock_guard lock(mutex_);
  handshake.succeeded = true;
  if (!resumed) Forget(handshake.offered);
  if (handshake.early) Store(*std::exchange(handshake.early, std::nullopt));
}

void TlsSessions::Failed(Handshake& handshake, WallTime now) {
  const std::lock_guard lock(mutex_);
  handshake.early.reset();
  if (std::exchange(handshake.offered, 0) == 0) return;
  ++failures_;
  sessions_.clear();
  pause_ends_ = now + kPause;
}

void TlsSessions::Gone(Handshake& handshake, WallTime now) {
  if (!handshake.succeeded) Failed(handshake, now);
}

std::uint64_t TlsSessions::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

void TlsSessions::Store(Session session) {
  if (session.reusable) std::erase_if(sessions_, [](const Session& other) { return other.reusable; });
  sessions_.push_back(std::move(session));
  if (sessions_.size() > most_) sessions_.pop_front();
}

void TlsSessions::Forget(std::uint64_t number) {
  std::erase_if(sessions_, [number](const Session& session) { return session.number == number; });
}

}  // namespace eider
