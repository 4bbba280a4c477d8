// TextOrder: brings the texts of batches that threads write side by side to one Sink, in the order of the batches.
// The batch at the head goes to the sink as it grows. Those behind it are held, and their threads wait once all of them
// together hold kHeldBytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

#include "engine/sink.h"
#include "engine/text_writer.h"

namespace eider {

// Thread-safe; a writer belongs to the thread that writes it.
class TextOrder {
 public:
  // For two row groups of 100,000 rows as text.
  static constexpr std::size_t kHeldBytes = 24 * 1024 * 1024;
  // A text at the head is written from this size on: soon, for the first byte, yet in pieces worth a call.
  static constexpr std::size_t kWriteBytes = 32 * 1024;

  // The first text written follows `begin` and goes without its first `separator_bytes`.
  TextOrder(Sink& sink, std::string begin, std::size_t separator_bytes);

  TextPool& pool() { return pool_; }
  bool IsHead(std::uint64_t batch) const { return batch <= head_; }
  // Whether a batch behind the head has to wait, until the head advances or is_low.
  bool MustWait(std::uint64_t batch) const { return !IsHead(batch) && pool_.held_bytes() >= kHeldBytes; }
  // A good part is free again: to wait for less would wake a thread for a chunk at a time.
  bool is_low() const { return pool_.held_bytes() < kHeldBytes / 2; }

  // All batches before `head` are Ended. Answers whether that is news; then WriteHeld writes what was held of them.
  bool Advance(std::uint64_t head);
  Status WriteHeld();

  // `text` has grown; it belongs to `batch`.
  Status Grown(std::uint64_t batch, TextWriter& text);
  // It will not grow any more.
  Status End(std::uint64_t batch, TextWriter& text);

  // No text will come: writes what is held and `end`.
  Status Finish(std::string_view end);

 private:
  Status WriteLocked(TextBlocks blocks);
  Status WriteHeldLocked(std::uint64_t before);
  Status WriteBytesLocked(std::span<const char> bytes);

  TextPool pool_;
  std::atomic<std::uint64_t> head_{0};

  std::mutex held_mutex_;
  std::multimap<std::uint64_t, TextBlocks> held_;  // of batches that have ended
  std::mutex sink_mutex_;                          // guards what follows; taken before held_mutex_
  Sink& sink_;
  const std::string begin_;
  std::size_t separator_bytes_;
  bool begun_ = false;
  bool failed_ = false;
};

}  // namespace eider
