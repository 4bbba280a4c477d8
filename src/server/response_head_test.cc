#include "server/response_head.h"

#include <gtest/gtest.h>

#include "server/server_fixture.h"

namespace eider {
namespace {

Response Streamed(std::optional<std::uint64_t> length, bool want_trailers = false) {
  auto script = std::make_shared<Script>();
  script->length = length;
  script->trailers = {{"Eider-Rows", "3"}, {"Content-Digest", "x"}};
  Response response = BodyResponse(std::make_unique<ScriptedBody>(script));
  response.want_trailers = want_trailers;
  return response;
}

const Client kModern{.keep_alive = true};
const Client kOld{.http_1_0 = true, .keep_alive = true};
const Client kHead{.is_head = true, .keep_alive = true};

TEST(PlanResponse, ChoosesTheFraming) {
  EXPECT_EQ(PlanResponse(TextResponse("abc"), kModern).framing, Framing::kLength);
  EXPECT_EQ(PlanResponse(TextResponse("abc"), kModern).length, 3u);
  EXPECT_EQ(PlanResponse(Streamed(9), kModern).framing, Framing::kLength);
  EXPECT_EQ(PlanResponse(Streamed({}), kModern).framing, Framing::kChunked);
  EXPECT_EQ(PlanResponse(Streamed(9, true), kModern).framing, Framing::kChunked);
  EXPECT_EQ(PlanResponse(Streamed({}, true), kOld).framing, Framing::kClose);
  EXPECT_FALSE(PlanResponse(Streamed({}, true), kOld).keep_alive);
  EXPECT_TRUE(PlanResponse(Streamed(9), kOld).keep_alive);
}

TEST(PlanResponse, LeavesTheBodyOut) {
  EXPECT_EQ(PlanResponse(Streamed(9), kHead).framing, Framing::kNone);
  EXPECT_EQ(PlanResponse(Streamed(9), kHead).length, 9u);
  EXPECT_EQ(PlanResponse(Streamed({}), kHead).length, std::nullopt);
  Response not_modified = TextResponse("never sent");
  not_modified.status = 304;
  EXPECT_EQ(PlanResponse(not_modified, kModern).framing, Framing::kNone);
  EXPECT_EQ(PlanResponse(not_modified, kModern).length, std::nullopt);
}

TEST(ResponseHead, SaysWhatThePlanSays) {
  const Response text = TextResponse("abc");
  EXPECT_EQ(ResponseHead(text, PlanResponse(text, kModern), "D", "I"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: D\r\nServer: eider\r\nEider-Request-Id: I\r\n"
            "Content-Length: 3\r\n\r\n");
  const Response streamed = Streamed({}, true);
  EXPECT_EQ(ResponseHead(streamed, PlanResponse(streamed, Client{}), "D", "I"),
            "HTTP/1.1 200 OK\r\nDate: D\r\nServer: eider\r\nEider-Request-Id: I\r\nTransfer-Encoding: chunked\r\n"
            "Trailer: Eider-Rows, Content-Digest\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, ValuesCannotBeginAHeaderOfTheirOwn) {
  Response response = TextResponse("");
  response.Set("X", "a\r\nSet-Cookie: b");
  response.Set("Transfer-Encoding", "chunked");
  response.Set("Content-Length", "77");
  const std::string head = ResponseHead(response, PlanResponse(response, kModern), "D", "I");
  EXPECT_NE(head.find("X: a  Set-Cookie: b\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(head.find("77"), std::string::npos);
}

TEST(ChunkedEnd, CarriesTrailers) {
  EXPECT_EQ(ChunkedEnd({}), "0\r\n\r\n");
  EXPECT_EQ(ChunkedEnd({{"A", "1"}, {"B", "2\n"}}), "0\r\nA: 1\r\nB: 2 \r\n\r\n");
}

}  // namespace
}  // namespace eider
