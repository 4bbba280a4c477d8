#include "api/admission.h"

#include <algorithm>
#include <cmath>

namespace eider {
namespace {

// Remembered clients: about 200 bytes each. Who is forgotten starts with a full bucket.
constexpr std::size_t kClients = 20'000;

}  // namespace

std::shared_ptr<Admission> Admission::Make(ClientLimits limits) {
  return std::shared_ptr<Admission>(new Admission(limits));
}

std::optional<std::uint64_t> Admission::Refuse(const std::string& client, SteadyTime now) {
  if (limits_.requests_per_second <= 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  Client& known = Find(client);
  if (known.filled == SteadyTime{}) {
    known.tokens = limits_.burst;
  } else {
    const double seconds = std::chrono::duration<double>(now - known.filled).count();
    known.tokens = std::min(limits_.burst, known.tokens + seconds * limits_.requests_per_second);
  }
  known.filled = now;
  if (known.tokens >= 1) {
    known.tokens -= 1;
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(std::ceil((1 - known.tokens) / limits_.requests_per_second));
}

Admission::Slot Admission::Begin(const std::string& client) {
  const std::lock_guard lock(mutex_);
  Client& known = Find(client);
  if (limits_.downloads != 0 && known.downloads >= limits_.downloads) return nullptr;
  ++known.downloads;
  return Slot(this, [self = shared_from_this(), client](void*) { self->End(client); });
}

Admission::Client& Admission::Find(const std::string& client) {
  const auto [found, added] = clients_.try_emplace(client);
  if (added) {
    order_.push_front(client);
    found->second.place = order_.begin();
    if (order_.size() > kClients && clients_.at(order_.back()).downloads == 0) {
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
  if (const auto found = clients_.find(client); found != clients_.end()) --found->second.downloads;
}

}  // namespace eider
