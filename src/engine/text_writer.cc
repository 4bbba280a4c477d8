#include "engine/text_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace eider {

TextBlock TextPool::Take(std::size_t least_bytes) {
  const std::size_t capacity = std::max(least_bytes, kBlockBytes);
  {
    const std::lock_guard lock(mutex_);
    held_bytes_ += capacity;
    if (capacity == kBlockBytes && !free_.empty()) {
      TextBlock block = std::move(free_.back());
      free_.pop_back();
      return block;
    }
  }
  return {std::make_unique_for_overwrite<char[]>(capacity), capacity, 0};
}

void TextPool::Return(TextBlocks& blocks) {
  {
    const std::lock_guard lock(mutex_);
    for (TextBlock& block : blocks) {
      held_bytes_ -= block.capacity;
      if (block.capacity != kBlockBytes) continue;
      block.size = 0;
      free_.push_back(std::move(block));
    }
  }
  blocks.clear();
}

std::size_t TextPool::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return held_bytes_;
}

// Long texts go into blocks of the usual size as well, for those are used again.
void TextWriter::Append(std::span<const char> text) {
  while (!text.empty()) {
    if (at_ == end_) Grow(TextPool::kBlockBytes);
    const auto part = text.first(std::min(text.size(), static_cast<std::size_t>(end_ - at_)));
    std::memcpy(at_, part.data(), part.size());
    at_ += part.size();
    text = text.subspan(part.size());
  }
}

std::size_t TextWriter::size() const {
  return blocks_.empty() ? 0 : sealed_bytes_ + static_cast<std::size_t>(at_ - blocks_.back().bytes.get());
}

TextBlocks TextWriter::Take() {
  Seal();
  sealed_bytes_ = 0;
  at_ = end_ = nullptr;
  return std::exchange(blocks_, {});
}

void TextWriter::Grow(std::size_t bytes) {
  Seal();
  TextBlock block = pool_.Take(bytes);
  at_ = block.bytes.get();
  end_ = at_ + block.capacity;
  blocks_.push_back(std::move(block));
}

void TextWriter::Seal() {
  if (blocks_.empty()) return;
  TextBlock& last = blocks_.back();
  last.size = static_cast<std::size_t>(at_ - last.bytes.get());
  sealed_bytes_ += last.size;
}

}  // namespace eider
