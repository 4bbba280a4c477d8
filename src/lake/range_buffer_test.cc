#include "lake/range_buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace eider {
namespace {

constexpr std::uint64_t kPiece = BufferPool::kPieceBytes;

std::string Text(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

std::string Copied(const RangeBuffer& buffer, std::uint64_t at, std::size_t size) {
  std::string out(size, '\0');
  buffer.Copy(at, out);
  return out;
}

TEST(RangeBufferTest, HoldsWhatArrivesInAnyPieces) {
  const std::string text = Text(2 * kPiece + 1000);
  RangeBuffer buffer(text.size(), std::make_shared<BufferPool>(0));
  for (std::size_t at = 0; at < text.size(); at += 9999) {
    ASSERT_TRUE(buffer.Append(std::span(text).subspan(at, std::min<std::size_t>(9999, text.size() - at))));
  }
  EXPECT_EQ(buffer.received(), text.size());
  EXPECT_EQ(Copied(buffer, 0, text.size()), text);
  EXPECT_EQ(Copied(buffer, kPiece - 10, 20), text.substr(kPiece - 10, 20));
  EXPECT_FALSE(buffer.Append(std::span("x", 1)));
  EXPECT_FALSE(buffer.no_memory());
}

TEST(RangeBufferTest, GivesBackThePiecesThatHaveArrivedWhole) {
  const std::string text = Text(2 * kPiece + 1000);
  const auto pool = std::make_shared<BufferPool>(100 * kPiece);
  {
    RangeBuffer buffer(text.size(), pool);
    ASSERT_TRUE(buffer.Append(std::span(text).first(kPiece + 5)));
    EXPECT_EQ(buffer.Free(0), kPiece);
    EXPECT_EQ(buffer.Free(0), 0u);
    EXPECT_EQ(buffer.Free(1), 0u);  // not here yet
    EXPECT_EQ(pool->kept_bytes(), kPiece);
    ASSERT_TRUE(buffer.Append(std::span(text).subspan(kPiece + 5)));
    EXPECT_EQ(pool->kept_bytes(), 0u);  // it is used again
    EXPECT_EQ(buffer.Free(2), 1000u);
  }
  EXPECT_EQ(pool->kept_bytes(), 2 * kPiece);
}

TEST(RangeBufferTest, AShortRangeTakesNothingOfThePool) {
  const auto pool = std::make_shared<BufferPool>(100 * kPiece);
  {
    RangeBuffer buffer(100, pool);
    ASSERT_TRUE(buffer.Append(Text(100)));
    EXPECT_EQ(buffer.Free(0), 100u);
  }
  EXPECT_EQ(pool->kept_bytes(), 0u);
}

TEST(BufferPoolTest, KeepsUpToItsLimitWhilePiecesAreInUseAndLittleAfterwards) {
  const std::uint64_t limit = 200;
  BufferPool pool(limit * kPiece);
  std::vector<char*> pieces;
  for (int i = 0; i < 300; ++i) pieces.push_back(pool.Take());
  const auto give = [&](int count) {
    for (; count > 0; --count) {
      pool.Give(pieces.back());
      pieces.pop_back();
    }
  };
  give(100);
  EXPECT_EQ(pool.kept_bytes(), BufferPool::kIdleBytes);  // 200 are in use
  give(100);
  EXPECT_EQ(pool.kept_bytes(), (limit - 100) * kPiece);
  give(99);
  EXPECT_EQ(pool.kept_bytes(), (limit - 1) * kPiece);
  give(1);
  EXPECT_EQ(pool.kept_bytes(), BufferPool::kIdleBytes);
}

}  // namespace
}  // namespace eider
