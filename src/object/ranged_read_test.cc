#include "object/ranged_read.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

GetRequest Want(ByteRange range) { return {"k", range, {}, {}}; }

HttpHead Partial(const std::string& range, const std::string& etag = "\"e\"") {
  HttpHead head{206, {{"Content-Range", range}, {"ETag", etag}}};
  if (const auto given = ParseContentRange(range)) {
    head.headers.emplace_back("Content-Length", std::to_string(given->last - given->first + 1));
  }
  return head;
}

std::string Header(const RangedRead& read, std::string_view name) {
  return std::string(HttpHead{0, read.Headers()}.Find(name));
}

TEST(RangedReadTest, AsksForRanges) {
  EXPECT_EQ(Header(RangedRead(Want({}), "s"), "Range"), "");
  EXPECT_EQ(Header(RangedRead(Want(ByteRange::Span(5, 1)), "s"), "Range"), "bytes=5-5");
  EXPECT_EQ(Header(RangedRead(Want(ByteRange::Span(5, UINT64_MAX)), "s"), "Range"), "bytes=5-9223372036854775807");
  EXPECT_EQ(Header(RangedRead(Want(ByteRange::Suffix(8)), "s"), "Range"), "bytes=-8");
}

TEST(RangedReadTest, ConditionsAreOnlyStrongETags) {
  EXPECT_EQ(Header(RangedRead({"k", {}, "abc", {}}, "s"), "If-Match"), "\"abc\"");
  EXPECT_EQ(Header(RangedRead({"k", {}, {}, "abc"}, "s"), "If-None-Match"), "\"abc\"");
  EXPECT_EQ(Header(RangedRead({"k", {}, "W/abc", {}}, "s"), "If-Match"), "");
  const std::string dated = VersionOf({200, {{"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"}}});
  EXPECT_EQ(ConditionValue(dated), "");
  EXPECT_NE(dated, "");
}

TEST(RangedReadTest, ResumesASuffixAtItsPlace) {
  RangedRead read(Want(ByteRange::Suffix(30)), "s");
  ASSERT_TRUE(read.OnHead(Partial("bytes 70-99/100")).ok());
  ASSERT_TRUE(read.OnBody(12).ok());
  EXPECT_FALSE(read.Complete(true));
  EXPECT_EQ(Header(read, "Range"), "bytes=82-99");
  EXPECT_EQ(Header(read, "If-Match"), "\"e\"");
  ASSERT_TRUE(read.OnHead(Partial("bytes 82-99/100")).ok());
  ASSERT_TRUE(read.OnBody(18).ok());
  EXPECT_TRUE(read.Complete(true));
  EXPECT_EQ(read.info().size_bytes, 100u);
}

TEST(RangedReadTest, ASuffixLongerThanTheObjectIsAllOfIt) {
  RangedRead read(Want(ByteRange::Suffix(500)), "s");
  EXPECT_TRUE(read.OnHead(Partial("bytes 0-99/100")).ok());
}

TEST(RangedReadTest, AResumeMustFit) {
  const auto resumed = [](const HttpHead& head) {
    RangedRead read(Want(ByteRange::Span(0, 50)), "s");
    EXPECT_TRUE(read.OnHead(Partial("bytes 0-49/100")).ok());
    EXPECT_TRUE(read.OnBody(10).ok());
    return read.OnHead(head);
  };
  EXPECT_TRUE(resumed(Partial("bytes 10-49/100")).ok());
  EXPECT_EQ(resumed(Partial("bytes 0-49/100")).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(resumed(Partial("bytes 10-48/100")).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(resumed(Partial("bytes 10-49/101")).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(resumed(Partial("bytes 10-49/100", "\"f\"")).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(resumed({200, {{"ETag", "\"e\""}, {"Content-Length", "100"}}}).error().kind, ErrorKind::kUnavailable);
}

TEST(RangedReadTest, AWholeObjectWithoutALengthEndsWithItsReply) {
  RangedRead read(Want({}), "s");
  ASSERT_TRUE(read.OnHead({200, {{"ETag", "\"e\""}}}).ok());
  ASSERT_TRUE(read.OnBody(10).ok());
  EXPECT_FALSE(read.Complete(false));
  EXPECT_EQ(Header(read, "Range"), "bytes=10-");
  ASSERT_TRUE(read.OnHead(Partial("bytes 10-24/25")).ok());
  ASSERT_TRUE(read.OnBody(15).ok());
  EXPECT_TRUE(read.Complete(true));
}

TEST(RangedReadTest, ACodingPutOnUnderwayIsRefusedWhateverItsLength) {
  const auto taken = [](const std::string& key, const std::string& coding) {
    RangedRead read({key, ByteRange::Span(0, 50), {}, {}}, "s");
    HttpHead head = Partial("bytes 0-49/100");
    head.headers.emplace_back("Content-Encoding", coding);
    return read.OnHead(head).ok();
  };
  EXPECT_FALSE(taken("a.parquet", "gzip"));
  EXPECT_FALSE(taken("a.csv", "br"));
  EXPECT_TRUE(taken("a.csv.gz", "gzip"));
  EXPECT_TRUE(taken("a.parquet", "identity"));
  EXPECT_TRUE(taken("a.parquet", "aws-chunked"));
}

TEST(RangedReadTest, ARangeOfUnknownLengthIsRefused) {
  RangedRead read(Want(ByteRange::Span(0, 50)), "s");
  EXPECT_FALSE(read.OnHead({206, {{"Content-Range", "bytes 0-49/100"}, {"ETag", "\"e\""}}}).ok());
}

TEST(RangedReadTest, WithoutAVersionNothingIsResumed) {
  RangedRead read(Want({}), "s");
  ASSERT_TRUE(read.OnHead({200, {{"Content-Length", "100"}}}).ok());
  EXPECT_FALSE(read.Resumable());
}

TEST(RangedReadTest, AnEmptyObjectAnswersASuffixAndNoSpan) {
  const HttpHead empty = {200, {{"ETag", "\"e\""}, {"Content-Length", "0"}}};
  RangedRead suffix(Want(ByteRange::Suffix(8)), "s");
  EXPECT_TRUE(suffix.OnHead(empty).ok());
  EXPECT_TRUE(suffix.Complete(true));
  RangedRead span(Want(ByteRange::Span(0, 8)), "s");
  EXPECT_EQ(span.OnHead(empty).error().kind, ErrorKind::kInvalid);
  RangedRead minio(Want(ByteRange::Suffix(8)), "s");
  EXPECT_TRUE(
      minio.OnHead({206, {{"Content-Range", "bytes 0--1/0"}, {"Content-Length", "0"}, {"ETag", "\"e\""}}}).ok());
  EXPECT_EQ(minio.info().size_bytes, 0u);
}

TEST(ContentRangeTest, ReadsOnlyWhatIsWellFormed) {
  const auto range = ParseContentRange("bytes 5-9/20");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 5u);
  EXPECT_EQ(range->last, 9u);
  EXPECT_EQ(range->size_bytes, 20u);
  for (const char* text : {"", "bytes", "bytes 5-9", "bytes 5-9/*", "bytes */20", "bytes 9-5/20", "bytes 5-20/20",
                           "bytes -5-9/20", "items 5-9/20", "bytes 5-9/20x", "bytes 5/9-20"}) {
    EXPECT_FALSE(ParseContentRange(text)) << text;
  }
}

}  // namespace
}  // namespace eider
