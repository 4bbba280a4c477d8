#include "lake/range_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace eider {

BufferPool::~BufferPool() {
  for (char* piece : free_) ::munmap(piece, kPieceBytes);
}

char* BufferPool::Take() {
  {
    const std::lock_guard lock(mutex_);
    ++used_;
    if (!free_.empty()) {
      char* piece = free_.back();
      free_.pop_back();
      return piece;
    }
  }
  // Not from the heap, where pieces would leave holes between what lives longer.
  void* piece = ::mmap(nullptr, kPieceBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (piece != MAP_FAILED) return static_cast<char*>(piece);
  const std::lock_guard lock(mutex_);
  --used_;
  return nullptr;
}

std::size_t BufferPool::Surplus() const {
  const std::uint64_t limit = used_ == 0 ? 0 : limit_;
  const std::uint64_t kept = std::max(kIdleBytes / kPieceBytes, limit - std::min(limit, used_));
  return free_.size() - std::min<std::uint64_t>(free_.size(), kept);
}

void BufferPool::Give(char* piece) {
  std::vector<char*> surplus;
  {
    const std::lock_guard lock(mutex_);
    --used_;
    free_.push_back(piece);
    const auto kept = free_.end() - static_cast<std::ptrdiff_t>(Surplus());
    surplus.assign(kept, free_.end());
    free_.erase(kept, free_.end());
  }
  for (char* other : surplus) ::munmap(other, kPieceBytes);
}

std::uint64_t BufferPool::kept_bytes() const {
  const std::lock_guard lock(mutex_);
  return free_.size() * kPieceBytes;
}

// A short range has memory of its own length.
RangeBuffer::RangeBuffer(std::uint64_t length, std::shared_ptr<BufferPool> pool)
    : length_(length),
      piece_bytes_(std::min(std::max<std::uint64_t>(length, 1), BufferPool::kPieceBytes)),
      pool_(std::move(pool)),
      pieces_((length + piece_bytes_ - 1) / piece_bytes_) {}

RangeBuffer::~RangeBuffer() {
  for (char* piece : pieces_) {
    if (piece != nullptr) GivePiece(piece);
  }
}

char* RangeBuffer::TakePiece() const { return pooled() ? pool_->Take() : new (std::nothrow) char[piece_bytes_]; }

void RangeBuffer::GivePiece(char* piece) const {
  if (pooled()) {
    pool_->Give(piece);
  } else {
    delete[] piece;
  }
}

std::uint64_t RangeBuffer::EndOf(std::size_t piece) const { return std::min((piece + 1) * piece_bytes_, length_); }

bool RangeBuffer::Append(std::span<const char> bytes) {
  std::uint64_t at = received_;
  if (bytes.size() > length_ - at) return false;
  while (!bytes.empty()) {
    const std::size_t index = at / piece_bytes_;
    char*& piece = pieces_[index];
    if (piece == nullptr) piece = TakePiece();
    if (piece == nullptr) {
      no_memory_ = true;
      return false;
    }
    const std::size_t length = std::min<std::uint64_t>(bytes.size(), EndOf(index) - at);
    std::memcpy(piece + at % piece_bytes_, bytes.data(), length);
    bytes = bytes.subspan(length);
    at += length;
  }
  received_ = at;
  return true;
}

void RangeBuffer::Copy(std::uint64_t at, std::span<char> out) const {
  while (!out.empty()) {
    const std::size_t index = at / piece_bytes_;
    const std::size_t length = std::min<std::uint64_t>(out.size(), EndOf(index) - at);
    std::memcpy(out.data(), pieces_[index] + at % piece_bytes_, length);
    out = out.subspan(length);
    at += length;
  }
}

std::uint64_t RangeBuffer::Free(std::size_t piece) {
  const std::uint64_t end = EndOf(piece);
  if (received_ < end || pieces_[piece] == nullptr) return 0;
  GivePiece(pieces_[piece]);
  pieces_[piece] = nullptr;
  return end - piece * piece_bytes_;
}

}  // namespace eider
