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

// Memory for what arrives. What was given back is handed out again: fresh memory costs a page fault for each 4 KiB,
// which came to a sixth of all CPU of a scan. Thread-safe.
class BufferPool {
 public:
  // Half of a range's last piece is unused, as a rule, and hundreds of ranges are under way: so pieces are small.
  static constexpr std::uint64_t kPieceBytes = 64 << 10;

  // While any piece is in use, free ones are kept up to `limit_bytes` with those in use.
  explicit BufferPool(std::uint64_t limit_bytes) : limit_(limit_bytes / kPieceBytes) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  char* Take();  // null: no memory
  void Give(char* piece);

  std::uint64_t kept_bytes() const;  // in free pieces

  // Kept when none is in use, for the next statement.
  static constexpr std::uint64_t kIdleBytes = 4 << 20;

 private:
  std::size_t Surplus() const;

  const std::uint64_t limit_;  // pieces, as the next
  mutable std::mutex mutex_;
  std::vector<char*> free_;
  std::uint64_t used_ = 0;
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
  bool pooled() const { return piece_bytes_ == BufferPool::kPieceBytes; }
  char* TakePiece() const;
  void GivePiece(char* piece) const;
  std::uint64_t EndOf(std::size_t piece) const;

  const std::uint64_t length_;
  const std::uint64_t piece_bytes_;
  const std::shared_ptr<BufferPool> pool_;
  std::vector<char*> pieces_;  // null: not there yet, or freed
  std::atomic<std::uint64_t> received_{0};
  std::atomic<bool> no_memory_{false};
};

}  // namespace eider
