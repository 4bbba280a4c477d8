#include "engine/held_sink.h"

namespace eider {

Status HeldSink::Write(std::span<const char> bytes) {
  if (!released_ && held_.size() + bytes.size() <= kHeldBytes) {
    held_.append(bytes.data(), bytes.size());
    return {};
  }
  if (auto status = Release(); !status) return status;
  return sink_.Write(bytes);
}

Status HeldSink::Close() {
  if (auto status = Release(); !status) return status;
  return sink_.Close();
}

Status HeldSink::Release() {
  if (released_) return {};
  released_ = true;
  return held_.empty() ? Status() : sink_.Write(held_);
}

}  // namespace eider
