// A sink that refuses more than a limit of bytes: the one place that applies Limits::bytes.
#pragma once

#include <cstdint>

#include "engine/sink.h"

namespace eider {

class LimitedSink final : public Sink {
 public:
  // `limit_bytes` 0: no limit.
  LimitedSink(Sink& sink, std::uint64_t limit_bytes) : sink_(sink), limit_bytes_(limit_bytes) {}

  // kExhausted instead of the write that would pass the limit.
  Status Write(std::span<const char> bytes) override;
  Status Close() override { return sink_.Close(); }

 private:
  Sink& sink_;
  const std::uint64_t limit_bytes_;
  std::uint64_t written_bytes_ = 0;
};

}  // namespace eider
