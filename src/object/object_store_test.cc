#include "object/object_store.h"

#include <gtest/gtest.h>

#include "object/memory_store.h"
#include "object/ranges.h"

namespace eider {
namespace {

using namespace std::string_literals;  // a span made of a literal would hold its NUL as well

TEST(CheckKeyTest, AcceptsWhatStoresHold) {
  for (const char* key : {"a", "flights/year=2001/a.parquet", "a..b", "..a", "a/...", ".hidden", "a//b", "a/"}) {
    EXPECT_TRUE(CheckKey(key).ok()) << key;
  }
}

TEST(CheckKeyTest, RefusesWhatLeavesTheRoot) {
  for (const char* key : {"", "/", "/a", ".", "..", "../a", "a/..", "a/../b", "./a", "a/./b"}) {
    const auto checked = CheckKey(key);
    ASSERT_FALSE(checked.ok()) << key;
    EXPECT_EQ(checked.error().kind, ErrorKind::kInvalid);
  }
  EXPECT_FALSE(CheckKey(std::string_view("a\0b", 3)).ok());
}

TEST(ResolveRangeTest, CutsAtTheEnd) {
  EXPECT_EQ(*ResolveRange({}, 10, "k"), (Extent{0, 10}));
  EXPECT_EQ(*ResolveRange(ByteRange::Span(4, 100), 10, "k"), (Extent{4, 6}));
  EXPECT_EQ(*ResolveRange(ByteRange::Span(9, UINT64_MAX), 10, "k"), (Extent{9, 1}));
  EXPECT_EQ(*ResolveRange(ByteRange::Suffix(3), 10, "k"), (Extent{7, 3}));
  EXPECT_EQ(*ResolveRange(ByteRange::Suffix(30), 10, "k"), (Extent{0, 10}));
  EXPECT_EQ(*ResolveRange(ByteRange::Suffix(3), 0, "k"), (Extent{0, 0}));
}

TEST(ResolveRangeTest, RefusesARangePastTheEnd) {
  const auto past = ResolveRange(ByteRange::Span(10, 1), 10, "some/key");
  ASSERT_FALSE(past.ok());
  EXPECT_EQ(past.error().message, "A range of 'some/key' begins at byte 10, but the object has 10 bytes.");
}

TEST(GetAllTest, StopsAtItsLimit) {
  MemoryStore store;
  ASSERT_TRUE(store.Put("a", "0123456789"s).ok());
  EXPECT_EQ(*GetAll(store, "a", 10), "0123456789");
  EXPECT_EQ(GetAll(store, "a", 9).error().kind, ErrorKind::kExhausted);
  EXPECT_EQ(GetAll(store, "b", 9).error().kind, ErrorKind::kNotFound);
}

TEST(OpenStoreTest, SaysWhatARootIs) {
  EXPECT_EQ(OpenStore("").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(OpenStore("/no/such/folder").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(OpenStore("/dev/null").error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace eider
