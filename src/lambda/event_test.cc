#include "lambda/event.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

constexpr const char* kS3 =
    R"({"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}})";

std::string Quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return "\"" + text + "\"";
}

std::string Records(const std::string& records) { return "{\"Records\":[" + records + "]}"; }

std::string Message(const std::string& id, const std::string& body) {
  return R"({"messageId":")" + id + R"(","eventSource":"aws:sqs","body":)" + Quoted(body) + "}";
}

template <class Kind>
Kind As(const std::string& payload) {
  auto event = ParseEvent(payload);
  EXPECT_TRUE(event.ok()) << (event ? "" : event.error().message);
  if (!event || !std::holds_alternative<Kind>(*event)) {
    ADD_FAILURE() << "another kind: " << payload;
    return Kind();
  }
  return std::get<Kind>(*std::move(event));
}

std::string Refusal(const std::string& payload) {
  const auto event = ParseEvent(payload);
  return event ? "it was taken" : event.error().message;
}

TEST(EventTest, AQuestion) {
  for (const char* payload :
       {"", "{}", R"({"q":null})", R"({"q":"SELECT 1","limit":3,"whatever":1})", R"({"limit":3})"}) {
    As<DirectEvent>(payload);
  }
}

TEST(EventTest, Requests) {
  As<HttpEvent>(R"({"rawPath":"/","requestContext":{"http":{"method":"GET"}}})");
  As<HttpEvent>(R"({"path":"/","httpMethod":"GET","requestContext":{"elb":{}}})");
  // A body may hold a question, and is none.
  As<HttpEvent>(R"({"q":"x","path":"/","httpMethod":"GET","requestContext":{}})");
}

TEST(EventTest, WhatHappenedToObjects) {
  EXPECT_EQ(As<ObjectEvents>(Records(std::string(kS3) + "," + kS3)).events.size(), 2u);
  EXPECT_EQ(As<ObjectEvents>(std::string("[") + kS3 + "]").events.size(), 1u);
  EXPECT_TRUE(As<ObjectEvents>(R"({"Service":"Amazon S3","Event":"s3:TestEvent"})").events.empty());
  const std::string sns = R"({"EventSource":"aws:sns","EventVersion":"1.0","Sns":{"Type":"Notification","Message":)" +
                          Quoted(Records(kS3)) + "}}";
  EXPECT_EQ(As<ObjectEvents>(Records(sns + "," + sns)).events.size(), 2u);
  EXPECT_EQ(As<ObjectEvents>(R"({"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},)"
                             R"("object":{"key":"k"}}})")
                .events.front()
                .key,
            "k");
}

TEST(EventTest, EachMessageOfAQueueStandsForItself) {
  const auto batch = As<QueueBatch>(Records(Message("1", Records(kS3)) + "," + Message("2", "broken") + "," +
                                            Message("3", R"({"Event":"s3:TestEvent"})")));
  ASSERT_EQ(batch.messages.size(), 3u);
  EXPECT_EQ(batch.messages[0].id, "1");
  EXPECT_EQ(batch.messages[0].events->size(), 1u);
  EXPECT_FALSE(batch.messages[1].events.ok());
  EXPECT_TRUE(batch.messages[2].events->empty());
  EXPECT_NE(Refusal(Records(R"({"eventSource":"aws:sqs","body":"{}"})")).find("no messageId"), std::string::npos);
}

TEST(EventTest, AQuestionMayHoldAKey) {
  EXPECT_FALSE(As<DirectEvent>(R"({"q":"SELECT 1"})").api_key.has_value());
  EXPECT_FALSE(As<DirectEvent>(R"({"q":"SELECT 1","api_key":null})").api_key.has_value());
  EXPECT_EQ(As<DirectEvent>(R"({"q":"SELECT 1","api_key":"abc"})").api_key, "abc");
  EXPECT_EQ(As<DirectEvent>(R"({"api_key":""})").api_key, "") << "an empty one is a wrong one";
  EXPECT_NE(Refusal(R"({"q":"SELECT 1","api_key":7})").find("'api_key' is a text"), std::string::npos);
}

TEST(EventTest, NothingIsTakenForAnotherKind) {
  EXPECT_NE(Refusal("{").find("not JSON"), std::string::npos);
  EXPECT_NE(Refusal(" \n").find("not JSON"), std::string::npos);
  EXPECT_NE(Refusal("7").find("no object"), std::string::npos);
  EXPECT_NE(Refusal("[1]").find("no object"), std::string::npos);
  EXPECT_NE(Refusal(R"({"foo":1})").find("'foo'"), std::string::npos);
  EXPECT_NE(Refusal(R"({"fragment":{}})").find("fragments"), std::string::npos);
  EXPECT_NE(Refusal(R"({"detail-type":"Scheduled Event","source":"aws.events"})").find("'Scheduled Event'"),
            std::string::npos);
  EXPECT_NE(Refusal(R"({"Records":7})").find("no list"), std::string::npos);
  EXPECT_NE(Refusal(Records("")).find("empty list"), std::string::npos);
  EXPECT_NE(Refusal(Records("7")).find("not of one source"), std::string::npos);
  EXPECT_NE(Refusal(Records(R"({"eventSource":"aws:dynamodb"})")).find("'aws:dynamodb'"), std::string::npos);
  EXPECT_NE(Refusal(Records(std::string(kS3) + "," + Message("1", "{}"))).find("not of one source"), std::string::npos);
  EXPECT_NE(Refusal(Records(R"({"EventSource":"aws:sns"})")).find("no 'Sns'"), std::string::npos);
}

}  // namespace
}  // namespace eider
