// A sink into memory, for tests: it can be told to fill up.
#pragma once

#include <optional>
#include <string>

#include "engine/sink.h"

namespace eider {

class TextSink final : public Sink {
 public:
  Status Write(std::span<const char> bytes) override {
    if (fail_after && text.size() + bytes.size() > *fail_after) return Error{ErrorKind::kExhausted, "sink is full", {}};
    text.append(bytes.begin(), bytes.end());
    return {};
  }
  Status Close() override {
    closed = true;
    return {};
  }

  std::string text;
  bool closed = false;
  std::optional<std::size_t> fail_after;
};

}  // namespace eider
