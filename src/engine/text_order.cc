#include "engine/text_order.h"

#include <limits>
#include <utility>

namespace eider {

TextOrder::TextOrder(Sink& sink, std::string begin, std::size_t separator_bytes)
    : sink_(sink), begin_(std::move(begin)), separator_bytes_(separator_bytes) {}

bool TextOrder::Advance(std::uint64_t head) {
  std::uint64_t before = head_;
  do {
    if (head <= before) return false;
  } while (!head_.compare_exchange_weak(before, head));
  return true;
}

Status TextOrder::WriteHeld() {
  const std::lock_guard lock(sink_mutex_);
  return WriteHeldLocked(head_);
}

Status TextOrder::Grown(std::uint64_t batch, TextWriter& text) {
  if (!IsHead(batch) || text.size() < kWriteBytes) return {};
  std::unique_lock lock(sink_mutex_, std::try_to_lock);
  if (!lock) {
    // Another thread is writing what comes before. Rather than wait for it, go on.
    if (pool_.held_bytes() < kHeldBytes) return {};
    lock.lock();
  }
  if (auto status = WriteHeldLocked(batch); !status) return status;
  return WriteLocked(text.Take());
}

Status TextOrder::End(std::uint64_t batch, TextWriter& text) {
  if (text.size() == 0) return {};
  if (!IsHead(batch)) {
    const std::lock_guard lock(held_mutex_);
    held_.emplace(batch, text.Take());
    return {};
  }
  const std::lock_guard lock(sink_mutex_);
  if (auto status = WriteHeldLocked(batch); !status) return status;
  return WriteLocked(text.Take());
}

Status TextOrder::Finish(std::string_view end) {
  const std::lock_guard lock(sink_mutex_);
  if (auto status = WriteHeldLocked(std::numeric_limits<std::uint64_t>::max()); !status) return status;
  if (!std::exchange(begun_, true)) {
    if (auto status = WriteBytesLocked(begin_); !status) return status;
  }
  return WriteBytesLocked(end);
}

Status TextOrder::WriteHeldLocked(std::uint64_t before) {
  for (;;) {
    TextBlocks blocks;
    {
      const std::lock_guard lock(held_mutex_);
      const auto first = held_.begin();
      if (first == held_.end() || first->first >= before) return {};
      blocks = std::move(first->second);
      held_.erase(first);
    }
    if (auto status = WriteLocked(std::move(blocks)); !status) return status;
  }
}

Status TextOrder::WriteLocked(TextBlocks blocks) {
  Status status;
  for (const TextBlock& block : blocks) {
    std::span<const char> bytes = block.text();
    if (bytes.empty()) continue;
    if (!std::exchange(begun_, true)) {
      // In one piece, so that a small answer stays one write.
      const auto rows = bytes.subspan(separator_bytes_);
      std::string first = begin_;
      first.append(rows.data(), rows.size());
      status = WriteBytesLocked(first);
    } else {
      status = WriteBytesLocked(bytes);
    }
    if (!status) break;
  }
  pool_.Return(blocks);
  return status;
}

// After an error the sink is not called again: whoever met it has the statement ended.
Status TextOrder::WriteBytesLocked(std::span<const char> bytes) {
  if (failed_ || bytes.empty()) return {};
  auto status = sink_.Write(bytes);
  failed_ = !status;
  return status;
}

}  // namespace eider
