#include "api/admission.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace eider {
namespace {

// Remembered clients: about 200 bytes each. Who is forgotten starts with a full bucket.
constexpr std::size_t kClients = 20'000;

std::uint64_t WholeSeconds(double seconds) { return static_cast<std::uint64_t>(std::ceil(std::max(0.0, seconds))); }

}  // namespace

std::shared_ptr<Admission> Admission::Make() { return std::shared_ptr<Admission>(new Admission()); }

RateState Admission::Take(const std::string& client, const ClientLimits& limits, SteadyTime now) {
  const double rate = limits.requests_per_second;
  if (rate <= 0) return {};
  const std::lock_guard lock(mutex_);
  Client& known = Find(client);
  if (known.filled == SteadyTime{}) {
    known.tokens = limits.burst;
  } else {
    const double seconds = std::chrono::duration<double>(now - known.filled).count();
    known.tokens = std::min(limits.burst, known.tokens + seconds * rate);
  }
  known.filled = now;
  RateState state;
  state.admitted = known.tokens >= 1;
  if (state.admitted) known.tokens -= 1;
  state.remaining = static_cast<std::uint64_t>(known.tokens);
  state.retry_after = WholeSeconds((1 - known.tokens) / rate);
  state.full_after = WholeSeconds((limits.burst - known.tokens) / rate);
  return state;
}

Admission::Slot Admission::Begin(const std::string& client, const ClientLimits& limits) {
  const std::lock_guard lock(mutex_);
  Client& known = Find(client);
  if (limits.concurrency != 0 && known.under_way >= limits.concurrency) return nullptr;
  ++known.under_way;
  return Slot(this, [self = shared_from_this(), client](void*) { self->End(client); });
}

Admission::Client& Admission::Find(const std::string& client) {
  const auto [found, added] = clients_.try_emplace(client);
  if (added) {
    order_.push_front(client);
    found->second.place = order_.begin();
    if (order_.size() > kClients && clients_.at(order_.back()).under_way == 0) {
      clients_.erase(order_.back());
      order_.pop_back();
    }
  } else {
    order_.splice(order_.begin(), order_, found->second.place);
  }
  return found->second;
}

void Admission::End(const std::string& client) {
  const std::lock_guard lock(mutex_);
  if (const auto found = clients_.find(client); found != clients_.end()) --found->second.under_way;
}

std::string ClientOfAddress(const std::string& address) {
  in6_addr bytes{};
  if (::inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address;
  std::fill(bytes.s6_addr + 8, bytes.s6_addr + 16, 0);
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET6, &bytes, text, sizeof(text));
  return fmt::format("{}/64", text);
}

}  // namespace eider
