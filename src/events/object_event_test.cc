#include "events/object_event.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace eider {
namespace {

std::string Record(const std::string& key, const std::string& name = "ObjectCreated:Put",
                   const std::string& source = "aws:s3", const std::string& etag = "d41d8cd98f00b204e9800998ecf8427e") {
  return R"({"eventVersion":"2.1","eventSource":")" + source +
         R"(","awsRegion":"eu-west-1","eventTime":"2026-01-02T03:04:05.678Z","eventName":")" + name +
         R"(","s3":{"s3SchemaVersion":"1.0","bucket":{"name":"data","arn":"arn:aws:s3:::data"},"object":{"key":")" +
         key + R"(","size":1024,"eTag":")" + etag + R"(","versionId":"v1","sequencer":"0055AED6DCD90281E5"}}})";
}

std::string Records(const std::string& record) { return "{\"Records\":[" + record + "]}"; }

ObjectEvent One(const std::string& message) {
  const auto events = ReadObjectEvents(message);
  EXPECT_TRUE(events.ok()) << (events ? "" : events.error().message);
  EXPECT_EQ(events ? events->size() : 0, 1u);
  return events && !events->empty() ? events->front() : ObjectEvent();
}

std::string Refusal(const std::string& message) {
  const auto events = ReadObjectEvents(message);
  return events ? "it was read" : events.error().message;
}

TEST(ObjectEventTest, S3sNotification) {
  const ObjectEvent event = One(Records(Record("a%2Bb/year%3D2026/x+y.csv")));
  EXPECT_EQ(event.kind, ObjectEvent::Kind::kCreated);
  EXPECT_EQ(event.name, "ObjectCreated:Put");
  EXPECT_EQ(event.bucket, "data");
  EXPECT_EQ(event.key, "a+b/year=2026/x y.csv");
  EXPECT_EQ(event.size_bytes, 1024u);
  EXPECT_EQ(event.etag, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(event.version, "v1");
  EXPECT_EQ(event.sequencer, "0055AED6DCD90281E5");
  EXPECT_EQ(event.region, "eu-west-1");
  EXPECT_EQ(Rfc3339(*event.time), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(Describe(event), "created s3://data/a+b/year=2026/x y.csv");
}

TEST(ObjectEventTest, MinioEncodesKeysAndVersitygwDoesNot) {
  const ObjectEvent minio = One(R"({"EventName":"s3:ObjectCreated:Put","Key":"data/a b","Records":[)" +
                                Record("a+b%2Fc", "s3:ObjectCreated:Put", "minio:s3") + "]}");
  EXPECT_EQ(minio.key, "a b/c");
  EXPECT_EQ(minio.name, "ObjectCreated:Put");
  const ObjectEvent versity = One("[" + Record("a+b%2Fc", "s3:ObjectRemoved:Delete", "aws:s3", R"(\"abc\")") + "]");
  EXPECT_EQ(versity.key, "a+b%2Fc");
  EXPECT_EQ(versity.kind, ObjectEvent::Kind::kRemoved);
  EXPECT_EQ(versity.etag, "abc");
}

TEST(ObjectEventTest, EventBridgeLeavesKeysAsTheyAre) {
  const std::string event = R"({"version":"0","id":"i","detail-type":"Object Deleted","source":"aws.s3",
    "time":"2026-01-02T03:04:05Z","region":"eu-west-1","detail":{"version":"0","bucket":{"name":"data"},
    "object":{"key":"a+b %41","etag":"e","version-id":"v","sequencer":"00"}}})";
  EXPECT_EQ(One(event).key, "a+b %41");
  EXPECT_EQ(One(event).kind, ObjectEvent::Kind::kRemoved);
  EXPECT_EQ(One(event).size_bytes, std::nullopt);
}

TEST(ObjectEventTest, AMessageOfSns) {
  boost::json::object sns{{"Type", "Notification"}, {"Message", Records(Record("k"))}};
  EXPECT_EQ(One(boost::json::serialize(sns)).key, "k");
  sns["Message"] = boost::json::serialize(sns);
  EXPECT_NE(Refusal(boost::json::serialize(sns)).find("another message"), std::string::npos);
  sns["Message"] = nullptr;
  EXPECT_EQ(Refusal(boost::json::serialize(sns)), "SNS's 'Message' is no text");
}

TEST(ObjectEventTest, ATestEventHasNone) {
  const auto events = ReadObjectEvents(R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"data"})");
  ASSERT_TRUE(events.ok());
  EXPECT_TRUE(events->empty());
}

TEST(ObjectEventTest, OtherThingsThatHappen) {
  EXPECT_EQ(One(Records(Record("k", "LifecycleExpiration:DeleteMarkerCreated"))).kind, ObjectEvent::Kind::kRemoved);
  EXPECT_EQ(One(Records(Record("k", "ObjectTagging:Put"))).kind, ObjectEvent::Kind::kOther);
}

TEST(ObjectEventTest, WhatIsMalformedIsRefusedAsAWhole) {
  EXPECT_NE(Refusal("{").find("not JSON"), std::string::npos);
  for (const char* message : {"1", "{}", R"({"Records":{}})", R"({"detail-type":"Object Created"})"}) {
    EXPECT_NE(Refusal(message).find("none of S3's"), std::string::npos) << message;
  }
  EXPECT_NE(Refusal(R"({"Records":[]})").find("empty list"), std::string::npos);
  EXPECT_NE(Refusal(Records(Record("k") + "," + Record(""))).find("record 2 has no object's key"), std::string::npos);
  EXPECT_NE(Refusal(Records(Record("%zz"))).find("not encoded as a form"), std::string::npos);
  EXPECT_NE(Refusal(Records(Record("%FF"))).find("has no object's key"), std::string::npos);
  EXPECT_NE(Refusal(Records(Record("%00"))).find("has no object's key"), std::string::npos);
  EXPECT_NE(Refusal(Records(Record("k", ""))).find("what has happened"), std::string::npos);
  EXPECT_NE(Refusal(Records(R"({"eventName":"ObjectCreated:Put","s3":7})")).find("bucket's name"), std::string::npos);
  EXPECT_NE(Refusal(Records("7")).find("what has happened"), std::string::npos);
  EXPECT_NE(Refusal(R"({"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},)"
                    R"("object":{"key":"k","size":-1}}})")
                .find("the size"),
            std::string::npos);
}

TEST(ObjectEventTest, TheOuterShapeTellsObjectEventsFromOthers) {
  const auto looks = [](const std::string& text) { return LooksLikeObjectEvents(boost::json::parse(text)); };
  EXPECT_TRUE(looks(Records(Record("k"))));
  EXPECT_TRUE(looks(R"({"Event":"s3:TestEvent"})"));
  EXPECT_TRUE(looks(R"({"source":"aws.s3"})"));
  EXPECT_FALSE(looks(R"({"Records":[{"dynamodb":{}}]})"));
  EXPECT_FALSE(looks(R"({"q":"SELECT 1"})"));
  EXPECT_FALSE(looks("[]"));
}

}  // namespace
}  // namespace eider
