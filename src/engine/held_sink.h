// A sink that keeps its first bytes back: a statement that fails before it has written more than those has not begun to
// answer, and its error is told as one instead of by a cut. For what may fail when all seems there, as a database
// server that is gone before its transaction has ended.
#pragma once

#include <string>

#include "engine/sink.h"

namespace eider {

class HeldSink final : public Sink {
 public:
  // As many as a spool keeps in memory: what is larger streams.
  static constexpr std::size_t kHeldBytes = 64 * 1024;

  explicit HeldSink(Sink& sink) : sink_(sink) {}

  Status Write(std::span<const char> bytes) override;
  Status Close() override;

 private:
  Status Release();

  Sink& sink_;
  std::string held_;
  bool released_ = false;
};

}  // namespace eider
