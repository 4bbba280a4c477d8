// Text that an encoder writes and a sink takes, in blocks: none is copied to grow, and those a sink has taken are used
// again.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace eider {

struct TextBlock {
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
  std::size_t size = 0;

  std::span<const char> text() const { return {bytes.get(), size}; }
};

using TextBlocks = std::vector<TextBlock>;

// The blocks of one statement. Thread-safe.
class TextPool {
 public:
  // About one chunk of 2,048 rows of a hundred bytes, so that a chunk is a write or two.
  static constexpr std::size_t kBlockBytes = 256 * 1024;

  TextBlock Take(std::size_t least_bytes);
  // Empties `blocks`.
  void Return(TextBlocks& blocks);
  // In blocks that were taken and not returned.
  std::size_t held_bytes() const;

 private:
  mutable std::mutex mutex_;
  TextBlocks free_;  // each of kBlockBytes
  std::size_t held_bytes_ = 0;
};

// Writes at the end of a growing text. One thread.
class TextWriter {
 public:
  explicit TextWriter(TextPool& pool) : pool_(pool) {}

  // Where at least `bytes` may be written at once; Advance tells how far they were.
  char* Room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]] {
      Grow(bytes);
    }
    return at_;
  }
  void Advance(char* at) { at_ = at; }

  void Append(std::span<const char> text);

  std::size_t size() const;
  // The text so far; the writer is empty after it.
  TextBlocks Take();

 private:
  void Grow(std::size_t bytes);
  void Seal();

  TextPool& pool_;
  TextBlocks blocks_;  // the last one is being written, from its begin to at_
  std::size_t sealed_bytes_ = 0;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace eider
