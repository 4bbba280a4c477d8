#include "lambda/http_event.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace eider {
namespace {

namespace json = boost::json;

// As AWS documents payload format 2.0, cut down.
json::object Format2(const std::string& domain = "abc.lambda-url.eu-west-1.on.aws") {
  return json::parse(R"({"version":"2.0","routeKey":"$default","rawPath":"/flights.csv",
    "rawQueryString":"origin=JFK&delay__gte=120","headers":{"accept":"*/*","x-api-key":"k"},
    "requestContext":{"domainName":")" +
                     domain + R"(","stage":"$default","http":{"method":"GET",
    "path":"/flights.csv","protocol":"HTTP/1.1","sourceIp":"203.0.113.9","userAgent":"curl"}},
    "isBase64Encoded":false})")
      .as_object();
}

json::object Format1() {
  return json::parse(R"({"httpMethod":"GET","path":"/flights.csv","headers":{"Accept":"*/*"},
    "multiValueHeaders":{"Accept":["*/*"],"X-A":["1","2"]},"queryStringParameters":{"origin":"LAX"},
    "multiValueQueryStringParameters":{"origin":["J F&K","LAX"],"_limit":["2"]},"body":null,
    "requestContext":{"stage":"prod","identity":{"sourceIp":"203.0.113.9"}},"isBase64Encoded":false})")
      .as_object();
}

HttpEvent Parse(const json::object& event) {
  EXPECT_TRUE(LooksLikeHttp(event));
  auto parsed = ParseHttpEvent(event);
  EXPECT_TRUE(parsed.ok()) << (parsed ? "" : parsed.error().message);
  return parsed ? *std::move(parsed) : HttpEvent();
}

Error Refusal(const json::object& event) {
  const auto parsed = ParseHttpEvent(event);
  EXPECT_FALSE(parsed.ok());
  return parsed ? Error() : parsed.error();
}

TEST(HttpEventTest, AFunctionUrl) {
  const HttpEvent event = Parse(Format2());
  EXPECT_EQ(event.door, HttpDoor::kFunctionUrl);
  EXPECT_EQ(event.request.method, "GET");
  EXPECT_EQ(event.request.path, "/flights.csv");
  EXPECT_EQ(event.request.query, "origin=JFK&delay__gte=120");
  EXPECT_EQ(event.request.Find("X-Api-Key"), "k");
  EXPECT_EQ(event.request.peer, "203.0.113.9");
  EXPECT_EQ(event.request.body, "");
}

TEST(HttpEventTest, AnHttpApiWithAStage) {
  json::object event = Format2("abc.execute-api.eu-west-1.amazonaws.com");
  EXPECT_EQ(Parse(event).door, HttpDoor::kHttpApi);
  EXPECT_EQ(Parse(event).request.path, "/flights.csv");
  event["requestContext"].as_object()["stage"] = "prod";
  event["rawPath"] = "/prod/flights.csv";
  EXPECT_EQ(Parse(event).request.path, "/flights.csv");
  event["rawPath"] = "/prod";
  EXPECT_EQ(Parse(event).request.path, "/");
  event["rawPath"] = "/production.csv";
  EXPECT_EQ(Parse(event).request.path, "/production.csv");
  // A domain of one's own is mapped to the stage, and a dataset may be called like it.
  event["requestContext"].as_object()["domainName"] = "data.example.org";
  event["rawPath"] = "/prod";
  EXPECT_EQ(Parse(event).request.path, "/prod");
}

TEST(HttpEventTest, ARestApiHasDecodedItsParameters) {
  const HttpEvent event = Parse(Format1());
  EXPECT_EQ(event.door, HttpDoor::kRestApi);
  EXPECT_EQ(event.request.query, "origin=J%20F%26K&origin=LAX&_limit=2");
  EXPECT_EQ(event.request.headers.size(), 3u);
  EXPECT_EQ(event.request.peer, "203.0.113.9");
  json::object single = Format1();
  single.erase("multiValueHeaders");
  single.erase("multiValueQueryStringParameters");
  EXPECT_EQ(Parse(single).request.query, "origin=LAX");
  EXPECT_EQ(Parse(single).request.Find("accept"), "*/*");
  single["queryStringParameters"] = nullptr;
  EXPECT_EQ(Parse(single).request.query, "");
}

TEST(HttpEventTest, ALoadBalancerLeavesThemAsTheyCame) {
  json::object event = Format1();
  event["requestContext"] = json::object{{"elb", json::object{{"targetGroupArn", "arn"}}}};
  event["multiValueQueryStringParameters"] = json::object{{"origin", json::array{"J%20F"}}};
  event["multiValueHeaders"] = json::object{{"x-forwarded-for", json::array{"10.0.0.1, 203.0.113.9"}}};
  const HttpEvent lists = Parse(event);
  EXPECT_EQ(lists.door, HttpDoor::kLoadBalancer);
  EXPECT_TRUE(lists.multi_value);
  EXPECT_EQ(lists.request.query, "origin=J%20F");
  EXPECT_EQ(lists.request.peer, "203.0.113.9");
  event.erase("multiValueHeaders");
  EXPECT_FALSE(Parse(event).multi_value);
}

TEST(HttpEventTest, ABody) {
  json::object event = Format2();
  event["body"] = "eyJzcWwiOiJTRUxFQ1QgMSJ9";
  event["isBase64Encoded"] = true;
  EXPECT_EQ(Parse(event).request.body, "{\"sql\":\"SELECT 1\"}");
  event["body"] = "not base64";
  EXPECT_NE(Refusal(event).message.find("not Base64"), std::string::npos);
  event["isBase64Encoded"] = false;
  EXPECT_EQ(Parse(event).request.body, "not base64");
  event["body"] = std::string(kMaxHttpBodyBytes + 1, 'x');
  EXPECT_TRUE(Parse(event).body_too_long);
  event["body"] = 7;
  EXPECT_NE(Refusal(event).message.find("'body'"), std::string::npos);
}

TEST(HttpEventTest, WhatIsMalformedIsNamed) {
  const auto with = [](const char* name, const json::value& value) {
    json::object event = Format2();
    event[name] = value;
    return Refusal(event).message;
  };
  EXPECT_NE(with("rawPath", 7).find("'rawPath'"), std::string::npos);
  EXPECT_NE(with("rawPath", "flights").find("begin with '/'"), std::string::npos);
  EXPECT_NE(with("rawPath", nullptr).find("begin with '/'"), std::string::npos);
  EXPECT_NE(with("rawQueryString", json::array{}).find("'rawQueryString'"), std::string::npos);
  EXPECT_NE(with("headers", "x").find("'headers'"), std::string::npos);
  EXPECT_NE(with("headers", json::object{{"a", 1}}).find("'headers'"), std::string::npos);
  EXPECT_NE(with("requestContext", json::object{{"http", 7}}).find("requestContext.http"), std::string::npos);
  EXPECT_NE(with("requestContext", json::object{{"http", json::object{}}}).find("method"), std::string::npos);
}

}  // namespace
}  // namespace eider
