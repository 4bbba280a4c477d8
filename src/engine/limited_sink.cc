#include "engine/limited_sink.h"

#include <fmt/format.h>

#include "base/text.h"

namespace eider {

Status LimitedSink::Write(std::span<const char> bytes) {
  written_bytes_ += bytes.size();
  if (limit_bytes_ == 0 || written_bytes_ <= limit_bytes_) return sink_.Write(bytes);
  return Error{ErrorKind::kExhausted,
               fmt::format("the result is larger than the limit of {} for one request; ask for fewer rows or columns",
                           HumanBytes(limit_bytes_)),
               {}};
}

}  // namespace eider
