#include "engine/text_order.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "engine/text_sink.h"

namespace eider {
namespace {

std::span<const char> Bytes(const std::string& text) { return {text.data(), text.size()}; }

TEST(TextWriterTest, TextsLargerThanABlockStayWhole) {
  TextPool pool;
  TextWriter writer(pool);
  std::string expected;
  for (const std::size_t size : {std::size_t{1}, TextPool::kBlockBytes, std::size_t{7}, 3 * TextPool::kBlockBytes}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    writer.Append(Bytes(piece));
    expected += piece;
    EXPECT_EQ(writer.size(), expected.size());
  }
  TextBlocks blocks = writer.Take();
  EXPECT_EQ(writer.size(), 0u);
  std::string text;
  for (const TextBlock& block : blocks) text.append(block.text().begin(), block.text().end());
  EXPECT_EQ(text, expected);
  EXPECT_GE(pool.held_bytes(), expected.size());
  pool.Return(blocks);
  EXPECT_EQ(pool.held_bytes(), 0u);
}

class TextOrderTest : public testing::Test {
 protected:
  TextWriter Writer(const std::string& text) {
    TextWriter writer(order_.pool());
    writer.Append(Bytes(text));
    return writer;
  }

  TextSink sink_;
  TextOrder order_{sink_, "<", 1};
};

TEST_F(TextOrderTest, WithoutTextThereIsStillAnAnswer) {
  ASSERT_TRUE(order_.Finish(">").ok());
  EXPECT_EQ(sink_.text, "<>");
}

TEST_F(TextOrderTest, LaterBatchesAreHeldUntilTheHeadHasEnded) {
  auto first = Writer(",a");
  auto second = Writer(",b");
  auto third = Writer(",c");
  ASSERT_TRUE(order_.End(3, third).ok());
  ASSERT_TRUE(order_.End(2, second).ok());
  EXPECT_EQ(sink_.text, "");
  ASSERT_TRUE(order_.End(0, first).ok());
  EXPECT_EQ(sink_.text, "<a");
  EXPECT_TRUE(order_.Advance(3));
  EXPECT_FALSE(order_.Advance(3));
  ASSERT_TRUE(order_.WriteHeld().ok());
  EXPECT_EQ(sink_.text, "<a,b");  // not the third: its thread may be at it still
  ASSERT_TRUE(order_.Finish(">").ok());
  EXPECT_EQ(sink_.text, "<a,b,c>");
  EXPECT_EQ(order_.pool().held_bytes(), 0u);
}

TEST_F(TextOrderTest, TheHeadIsWrittenAsItGrows) {
  auto small = Writer(",a");
  ASSERT_TRUE(order_.Grown(0, small).ok());
  EXPECT_EQ(sink_.text, "");
  small.Append(Bytes(std::string(TextOrder::kWriteBytes, 'x')));
  ASSERT_TRUE(order_.Grown(1, small).ok());
  EXPECT_EQ(sink_.text, "");
  ASSERT_TRUE(order_.Grown(0, small).ok());
  EXPECT_EQ(sink_.text.size(), 2 + TextOrder::kWriteBytes);
}

TEST_F(TextOrderTest, OnlyABatchBehindTheHeadMustWait) {
  TextWriter behind(order_.pool());
  EXPECT_FALSE(order_.MustWait(1));
  for (std::size_t size = 0; size < TextOrder::kHeldBytes; size += TextPool::kBlockBytes) {
    behind.Append(Bytes(std::string(TextPool::kBlockBytes, 'x')));
  }
  EXPECT_TRUE(order_.MustWait(1));
  EXPECT_FALSE(order_.is_low());
  EXPECT_FALSE(order_.MustWait(0));
  EXPECT_TRUE(order_.Advance(1));
  EXPECT_FALSE(order_.MustWait(1));
  ASSERT_TRUE(order_.Grown(1, behind).ok());
  EXPECT_TRUE(order_.is_low());
}

TEST_F(TextOrderTest, AfterAnErrorTheSinkIsLeftAlone) {
  sink_.fail_after = 3;
  auto first = Writer(",abcdef");
  EXPECT_FALSE(order_.End(0, first).ok());
  auto second = Writer(",b");
  EXPECT_TRUE(order_.End(0, second).ok());
  EXPECT_TRUE(order_.Finish(">").ok());
  EXPECT_EQ(sink_.text, "");
}

// Each thread takes the next batch, as the threads of a scan do.
TEST_F(TextOrderTest, ThreadsSideBySideKeepTheOrder) {
  constexpr std::uint64_t kBatches = 2000;
  std::mutex mutex;
  std::uint64_t next = 1;
  std::multiset<std::uint64_t> active;
  const auto take = [&](std::uint64_t& batch, std::uint64_t& least) {
    const std::lock_guard lock(mutex);
    if (batch != 0) active.erase(active.find(batch));
    batch = next++;
    active.insert(batch);
    least = *active.begin();
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      TextWriter text(order_.pool());
      std::uint64_t batch = 0;
      std::uint64_t least = 0;
      for (take(batch, least); batch <= kBatches; take(batch, least)) {
        if (order_.Advance(least)) {
          EXPECT_TRUE(order_.WriteHeld().ok());
        }
        for (std::uint64_t part = 0; part < batch % 7; ++part) {
          text.Append(Bytes("," + std::to_string(batch) + std::string(batch * 13 % 9000, '.')));
          EXPECT_TRUE(order_.Grown(batch, text).ok());
        }
        EXPECT_TRUE(order_.End(batch, text).ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(order_.Finish(">").ok());
  std::string expected;
  for (std::uint64_t batch = 1; batch <= kBatches; ++batch) {
    for (std::uint64_t part = 0; part < batch % 7; ++part) {
      expected += "," + std::to_string(batch) + std::string(batch * 13 % 9000, '.');
    }
  }
  expected[0] = '<';
  EXPECT_TRUE(sink_.text == expected + ">");
  EXPECT_EQ(order_.pool().held_bytes(), 0u);
}

}  // namespace
}  // namespace eider
