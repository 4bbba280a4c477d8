#include "catalog/client_limits.h"

#include <algorithm>
#include <cmath>

namespace eider {

ClientLimits Changed(ClientLimits limits, const ClientLimitChanges& changes) {
  if (changes.requests_per_second) {
    limits.requests_per_second = *changes.requests_per_second;
    limits.burst = std::max(1.0, std::ceil(limits.requests_per_second));
  }
  if (changes.burst) limits.burst = static_cast<double>(*changes.burst);
  limits.concurrency = changes.concurrency.value_or(limits.concurrency);
  limits.rows = changes.rows.value_or(limits.rows);
  limits.bytes = changes.bytes.value_or(limits.bytes);
  limits.memory = changes.memory.value_or(limits.memory);
  if (changes.time) limits.time = *changes.time;
  return limits;
}

}  // namespace eider
