#include "object/memory_store.h"

#include <gtest/gtest.h>

#include "object/conformance.h"

namespace eider {
namespace {

using namespace std::string_literals;  // a span made of a literal would hold its NUL as well

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance,
                         testing::ValuesIn(ReadBothWays({"memory", [] {
                                                           return std::unique_ptr<ObjectStore>(new MemoryStore());
                                                         }})));

TEST(MemoryStoreTest, CountsRequests) {
  MemoryStore store;
  ASSERT_TRUE(store.Put("a", "0123456789"s).ok());
  ASSERT_TRUE(GetAll(store, "a", 100).ok());
  ASSERT_TRUE(store.Head("a").ok());
  EXPECT_EQ(store.Count(StoreOperation::kGet), 1u);
  EXPECT_EQ(store.requests().size(), 3u);
  store.ForgetRequests();
  EXPECT_TRUE(store.requests().empty());
}

TEST(MemoryStoreTest, FailsAsTold) {
  MemoryStore store;
  ASSERT_TRUE(store.Put("a", "0123456789"s).ok());
  store.OnRequest([](const StoreRequest& request) -> Status {
    if (request.operation == StoreOperation::kGet) return Error{ErrorKind::kUnavailable, "down", {}};
    return {};
  });
  EXPECT_TRUE(store.Head("a").ok());
  EXPECT_EQ(GetAll(store, "a", 100).error().message, "down");
}

TEST(MemoryStoreTest, ReplacesAnObjectBetweenTwoReads) {
  MemoryStore store;
  const auto first = store.Put("a", "0123456789"s);
  int gets = 0;
  store.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation == StoreOperation::kGet && ++gets == 2) (void)store.Put("a", "replaced!!"s);
    return {};
  });
  const ByteConsumer ignore = [](std::span<const char>) { return true; };
  EXPECT_TRUE(store.Get({"a", ByteRange::Span(0, 5), first->etag, {}}, ignore).ok());
  EXPECT_EQ(store.Get({"a", ByteRange::Span(5, 5), first->etag, {}}, ignore).error().kind, ErrorKind::kConflict);
}

TEST(MemoryStoreTest, BreaksABodyInTheMiddle) {
  MemoryStore store;
  ASSERT_TRUE(store.Put("a", "0123456789"s).ok());
  store.OnPiece(
      [](const std::string&, std::uint64_t offset, std::string&) -> Status {
        if (offset >= 4) return Error{ErrorKind::kUnavailable, "cut", {}};
        return {};
      },
      4);
  std::string seen;
  const auto got = store.Get({"a", {}, {}, {}}, [&](std::span<const char> piece) {
    seen.append(piece.data(), piece.size());
    return true;
  });
  EXPECT_EQ(got.error().message, "cut");
  EXPECT_EQ(seen, "0123");
}

}  // namespace
}  // namespace eider
