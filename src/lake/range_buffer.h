// The bytes of one GET as they arrive, in pieces of memory that can be given back one after another while the rest is
// still under way or unread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace eider {

// Pieces that were given back, for the next bytes: fresh memory costs a page fault for each 4 KiB, a tenth of all CPU
// of a scan. Thread-safe.
class BufferPool {
 public:
  static constexpr std::uint64_t kPieceBytes = 256 << 10;

  std::unique_ptr<char[]> Take();  // null: no memory
  void Give(std::unique_ptr<char[]> piece);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<char[]>> free_;
};

// One thread appends; any thread may copy what has arrived and was not freed.
class RangeBuffer {
 public:
  RangeBuffer(std::uint64_t length, std::shared_ptr<BufferPool> pool);
  ~RangeBuffer();
  RangeBuffer(const RangeBuffer&) = delete;
  RangeBuffer& operator=(const RangeBuffer&) = delete;

  // False when they are more than the length, or when there is no memory.
  bool Append(std::span<const char> bytes);
  std::uint64_t received() const { return received_; }
  bool no_memory() const { return no_memory_; }

  // The span must have arrived.
  void Copy(std::uint64_t at, std::span<char> out) const;

  // Memory comes and goes in pieces of this many bytes, the last one shorter.
  std::uint64_t piece_bytes() const { return piece_bytes_; }
  // Frees a piece that nobody will copy from again. Answers its length; 0 while it has not arrived whole.
  std::uint64_t Free(std::size_t piece);

 private:
  std::uint64_t EndOf(std::size_t piece) const;

  const std::uint64_t length_;
  const std::uint64_t piece_bytes_;
  const std::shared_ptr<BufferPool> pool_;
  std::vector<std::unique_ptr<char[]>> pieces_;
  std::atomic<std::uint64_t> received_{0};
  std::atomic<bool> no_memory_{false};
};

}  // namespace eider
