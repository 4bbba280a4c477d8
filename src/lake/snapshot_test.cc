#include "lake/snapshot.h"

#include <gtest/gtest.h>

#include <string>

namespace eider {
namespace {

const ObjectInfo kObject{"a.bin", 10, "v1", {}};

Result<std::string> ReadVia(const RangeFetcher& fetch, std::uint64_t offset, std::size_t length) {
  const Snapshot snapshot({kObject}, fetch);
  ReadCounters counters;
  const auto reader = snapshot.Open("a.bin", &counters);
  std::string out(length, '?');
  if (const auto status = (*reader)->Read(offset, out, {}); !status) return status.error();
  return out;
}

// Answers with `bytes`, in two pieces, as version `etag`.
RangeFetcher Answering(const std::string& bytes, const std::string& etag = "v1") {
  return [=](const GetRequest& get, const ByteConsumer& consume, const Call&) -> Result<ObjectInfo> {
    EXPECT_EQ(get.if_match, "v1");
    if (!consume(std::span(bytes).first(bytes.size() / 2)) || !consume(std::span(bytes).subspan(bytes.size() / 2))) {
      return Error{ErrorKind::kCancelled, "stopped", {}};
    }
    ObjectInfo info = kObject;
    info.etag = etag;
    return info;
  };
}

TEST(SnapshotTest, ReadsExactlyWhatWasAsked) { EXPECT_EQ(*ReadVia(Answering("2345"), 2, 4), "2345"); }

TEST(SnapshotTest, AShortOrLongBodyIsAnError) {
  EXPECT_EQ(ReadVia(Answering("234"), 2, 4).error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(ReadVia(Answering("23456"), 2, 4).ok());
}

TEST(SnapshotTest, AnotherVersionIsAConflictThatNamesTheObject) {
  const auto answer = ReadVia(Answering("2345", "v2"), 2, 4);
  EXPECT_EQ(answer.error().kind, ErrorKind::kConflict);
  EXPECT_NE(answer.error().message.find("a.bin"), std::string::npos);
}

TEST(SnapshotTest, ADeletedObjectIsAConflict) {
  const auto gone = [](const GetRequest&, const ByteConsumer&, const Call&) -> Result<ObjectInfo> {
    return NotFound("x");
  };
  EXPECT_EQ(ReadVia(gone, 0, 1).error().kind, ErrorKind::kConflict);
}

TEST(SnapshotTest, ReadsPastTheEndAreRefusedWithoutARequest) {
  const auto never = [](const GetRequest&, const ByteConsumer&, const Call&) -> Result<ObjectInfo> {
    ADD_FAILURE() << "asked";
    return Internal("asked");
  };
  EXPECT_EQ(ReadVia(never, 8, 4).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(ReadVia(never, 11, 0).error().kind, ErrorKind::kInvalid);
}

TEST(SnapshotTest, SumsItsObjects) {
  const Snapshot snapshot(
      {{"a", 3, "x", WallTime(std::chrono::milliseconds(5))}, {"b", 4, "y", WallTime(std::chrono::milliseconds(2))}},
      Answering(""));
  EXPECT_EQ(snapshot.size_bytes(), 7u);
  EXPECT_EQ(snapshot.newest(), WallTime(std::chrono::milliseconds(5)));
  EXPECT_EQ(snapshot.Find("c"), nullptr);
  EXPECT_FALSE(snapshot.Open("c").ok());
}

}  // namespace
}  // namespace eider
