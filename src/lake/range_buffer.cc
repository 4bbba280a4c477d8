#include "lake/range_buffer.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace eider {
namespace {

// What arrives while readers are at work; more would be memory that nobody uses.
constexpr std::size_t kKeptPieces = 4;

}  // namespace

std::unique_ptr<char[]> BufferPool::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto piece = std::move(free_.back());
      free_.pop_back();
      return piece;
    }
  }
  return std::unique_ptr<char[]>(new (std::nothrow) char[kPieceBytes]);
}

void BufferPool::Give(std::unique_ptr<char[]> piece) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < kKeptPieces) free_.push_back(std::move(piece));
}

// A short range has memory of its own length.
RangeBuffer::RangeBuffer(std::uint64_t length, std::shared_ptr<BufferPool> pool)
    : length_(length),
      piece_bytes_(std::min(std::max<std::uint64_t>(length, 1), BufferPool::kPieceBytes)),
      pool_(std::move(pool)),
      pieces_((length + piece_bytes_ - 1) / piece_bytes_) {}

RangeBuffer::~RangeBuffer() {
  if (piece_bytes_ < BufferPool::kPieceBytes) return;
  for (auto& piece : pieces_) {
    if (piece) pool_->Give(std::move(piece));
  }
}

std::uint64_t RangeBuffer::EndOf(std::size_t piece) const { return std::min((piece + 1) * piece_bytes_, length_); }

bool RangeBuffer::Append(std::span<const char> bytes) {
  std::uint64_t at = received_;
  if (bytes.size() > length_ - at) return false;
  while (!bytes.empty()) {
    const std::size_t index = at / piece_bytes_;
    auto& piece = pieces_[index];
    if (!piece && piece_bytes_ == BufferPool::kPieceBytes) piece = pool_->Take();
    if (!piece && piece_bytes_ != BufferPool::kPieceBytes) piece.reset(new (std::nothrow) char[piece_bytes_]);
    if (!piece) {
      no_memory_ = true;
      return false;
    }
    const std::size_t length = std::min<std::uint64_t>(bytes.size(), EndOf(index) - at);
    std::memcpy(piece.get() + at % piece_bytes_, bytes.data(), length);
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
    std::memcpy(out.data(), pieces_[index].get() + at % piece_bytes_, length);
    out = out.subspan(length);
    at += length;
  }
}

std::uint64_t RangeBuffer::Free(std::size_t piece) {
  const std::uint64_t end = EndOf(piece);
  if (received_ < end || !pieces_[piece]) return 0;
  if (piece_bytes_ == BufferPool::kPieceBytes) pool_->Give(std::move(pieces_[piece]));
  pieces_[piece].reset();
  return end - piece * piece_bytes_;
}

}  // namespace eider
