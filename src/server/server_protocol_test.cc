// What a client may send and what it gets, over real sockets.
#include <sys/resource.h>
#include <unistd.h>

#include <set>
#include <stdexcept>

#include "server/server_fixture.h"

namespace eider {
namespace {

using std::chrono::milliseconds;

class ServerProtocolTest : public ServerTest {
 protected:
  // Sends raw bytes on a new connection and reads the answer; the server must then close in an orderly way.
  TestClient::Reply Refused(std::string_view bytes) {
    TestClient client = Connect();
    client.Send(bytes);
    TestClient::Reply reply = client.ReadReply();
    std::string rest;
    EXPECT_EQ(client.ReadToEnd(rest), TestClient::End::kClosed);
    EXPECT_EQ(rest, "");
    EXPECT_EQ(reply.Find("Content-Type"), "application/problem+json");
    EXPECT_EQ(reply.Find("Connection"), "close");
    EXPECT_FALSE(reply.Find("Eider-Request-Id").empty());
    return reply;
  }
};

TEST_F(ServerProtocolTest, AnswersWithItsHeaders) {
  options_.wall_clock = [] { return WallTime(milliseconds(784111777000)); };
  StartEcho();
  TestClient client = Connect();
  client.Get("/a/b?c=d");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "GET /a/b c=d ");
  EXPECT_EQ(reply.Find("Date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(reply.Find("Server"), "eider");
  EXPECT_EQ(reply.Find("Connection"), "");
}

TEST_F(ServerProtocolTest, KeepsTheConnectionAndNamesEachRequest) {
  StartEcho();
  TestClient client = Connect();
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    client.Get("/" + std::to_string(i));
    const TestClient::Reply reply = client.ReadReply();
    ASSERT_EQ(reply.body, "GET /" + std::to_string(i) + "  ");
    ids.emplace(reply.Find("Eider-Request-Id"));
  }
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(ids.begin()->size(), 32u);
  EXPECT_EQ(server_->stats().connections_accepted, 1u);
}

TEST_F(ServerProtocolTest, ClosesWhenAskedTo) {
  StartEcho();
  TestClient client = Connect();
  client.Get("/", "Connection: close\r\n");
  EXPECT_EQ(client.ReadReply().Find("Connection"), "close");
  std::string rest;
  EXPECT_EQ(client.ReadToEnd(rest), TestClient::End::kClosed);
}

TEST_F(ServerProtocolTest, HeadStatesTheLengthAndSendsNothing) {
  StartEcho();
  TestClient client = Connect();
  client.Send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.ReadReply(true).Find("Content-Length"), "9");  // "HEAD /x  "
  client.Get("/next");
  EXPECT_EQ(client.ReadReply().body, "GET /next  ");
}

TEST_F(ServerProtocolTest, HeadDropsAStreamedBody) {
  StartScripted();
  script_->length = 12345;
  TestClient client = Connect();
  client.Send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.ReadReply(true).Find("Content-Length"), "12345");
  EXPECT_TRUE(script_->destroyed.Reaches(1));
}

TEST_F(ServerProtocolTest, ReadsBodiesOfBothFramings) {
  StartEcho();
  TestClient client = Connect();
  client.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.ReadReply().body, "POST /p  hello");
  client.Send("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  EXPECT_EQ(client.ReadReply().body, "POST /p  hello");
}

TEST_F(ServerProtocolTest, SaysContinue) {
  StartEcho();
  TestClient client = Connect();
  client.Send("PUT /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.ReadReply().status, 100);
  client.Send("hello");
  EXPECT_EQ(client.ReadReply().body, "PUT /p  hello");
}

TEST_F(ServerProtocolTest, RefusesBeforeTheBodyIsSent) {
  StartEcho();
  EXPECT_EQ(Refused("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n").status,
            413);
  EXPECT_EQ(Refused("PUT / HTTP/1.1\r\nHost: h\r\nExpect: a-miracle\r\nContent-Length: 5\r\n\r\n").status, 417);
}

TEST_F(ServerProtocolTest, RefusesWhatIsMalformed) {
  StartEcho();
  EXPECT_EQ(Refused("nonsense\r\n\r\n").status, 400);
  EXPECT_EQ(Refused("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n").status, 400);
  EXPECT_EQ(Refused("GET / HTTP/3.0\r\nHost: h\r\n\r\n").status, 505);
  EXPECT_EQ(Refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
                .status,
            400);
  EXPECT_EQ(Refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").status, 400);
}

// The client sends all of it before it reads: the answer must survive the unread rest.
TEST_F(ServerProtocolTest, RefusesFloodsAndTheClientCanReadWhy) {
  StartEcho();
  EXPECT_EQ(Refused("GET /?q=" + std::string(1 << 20, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n").status, 414);
  std::string flood = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 50'000; ++i) flood += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(Refused(flood + "\r\n").status, 431);
  EXPECT_EQ(
      Refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n" + std::string(4'000'000, 'x')).status,
      413);
}

TEST_F(ServerProtocolTest, SlowHeadersAndBodiesAre408) {
  options_.header_timeout = milliseconds(50);
  options_.body_timeout = milliseconds(50);
  StartEcho();
  EXPECT_EQ(Refused("GET / HTTP/1.1\r\nHost:").status, 408);
  EXPECT_EQ(Refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc").status, 408);
}

TEST_F(ServerProtocolTest, SilentConnectionsAreClosedWithoutAWord) {
  options_.header_timeout = options_.idle_timeout = milliseconds(50);
  StartEcho();
  std::string nothing;
  TestClient never = Connect();
  EXPECT_EQ(never.ReadToEnd(nothing), TestClient::End::kClosed);
  EXPECT_EQ(nothing, "");
  TestClient once = Connect();
  once.Get("/");
  EXPECT_EQ(once.ReadReply().status, 200);
  EXPECT_EQ(once.ReadToEnd(nothing), TestClient::End::kClosed);
  EXPECT_EQ(nothing, "");
}

TEST_F(ServerProtocolTest, APipelinedRequestIsRefusedWithClose) {
  StartEcho();
  TestClient client = Connect();
  client.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.body, "GET /1  ");
  EXPECT_EQ(reply.Find("Connection"), "close");
  std::string rest;
  EXPECT_EQ(client.ReadToEnd(rest), TestClient::End::kClosed);
  EXPECT_EQ(rest, "");
}

TEST_F(ServerProtocolTest, ARequestInTheMiddleOfABodyIsNeverMixedIn) {
  StartScripted();
  script_->Push("first");
  TestClient client = Connect();
  client.Get("/1");
  ASSERT_TRUE(script_->waits.Reaches(1));
  client.Get("/2");
  script_->Push(" second");
  script_->End();
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, "first second");
  std::string rest;
  EXPECT_EQ(client.ReadToEnd(rest), TestClient::End::kClosed);
  EXPECT_EQ(rest, "");
}

TEST_F(ServerProtocolTest, ContainsHandlersThatThrowOrForget) {
  Start([](Request request, Reply) {
    if (request.path == "/throw") throw std::runtime_error("oops");
  });
  TestClient client = Connect();
  client.Get("/throw");
  EXPECT_EQ(client.ReadReply().status, 500);
  client.Get("/forget");
  EXPECT_EQ(client.ReadReply().status, 500);
}

TEST_F(ServerProtocolTest, OnlyTheFirstReplyCounts) {
  Start([](Request, Reply reply) {
    reply(TextResponse("one"));
    reply(TextResponse("two"));
  });
  TestClient client = Connect();
  client.Get("/");
  EXPECT_EQ(client.ReadReply().body, "one");
  client.Get("/");
  EXPECT_EQ(client.ReadReply().body, "one");
}

TEST_F(ServerProtocolTest, TellsTheHandlerWhoAsks) {
  Start([](Request request, Reply reply) { reply(TextResponse(request.peer + " " + request.id)); });
  TestClient client = Connect();
  client.Get("/");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.body, "127.0.0.1 " + std::string(reply.Find("Eider-Request-Id")));
}

TEST_F(ServerProtocolTest, OneConnectionTooManyGets503) {
  options_.max_connections = 2;
  StartEcho();
  TestClient first = Connect();
  TestClient second = Connect();
  first.Get("/");
  second.Get("/");
  EXPECT_EQ(first.ReadReply().status, 200);
  EXPECT_EQ(second.ReadReply().status, 200);
  const TestClient::Reply refused = Refused("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Find("Retry-After"), "5");
  EXPECT_EQ(server_->stats().connections_refused, 1u);
  first.Get("/");
  EXPECT_EQ(first.ReadReply().status, 200);
}

// Takes all descriptors away, so that accept fails, and gives them back.
TEST_F(ServerProtocolTest, OutlivesAShortageOfDescriptors) {
  StartEcho();
  TestClient before = Connect();
  before.Get("/");
  EXPECT_EQ(before.ReadReply().status, 200);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  TestClient during = Connect();  // accepted or not: races with the next line, and both are fine
  const int lowest_free = ::dup(0);
  ::close(lowest_free);
  const rlimit none{static_cast<rlim_t>(lowest_free), limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  before.Get("/");
  EXPECT_EQ(before.ReadReply().status, 200);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  during.Get("/");
  EXPECT_EQ(during.ReadReply().status, 200);
}

TEST_F(ServerProtocolTest, LogsOneLineARequest) {
  SetLogLevel(LogLevel::kInfo);
  testing::internal::CaptureStderr();
  StartEcho();
  TestClient client = Connect();
  client.Get("/secret-free?token=hush-hush");
  const std::string id(client.ReadReply().Find("Eider-Request-Id"));
  StopAndWait();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find(R"("event":"request","id":")" + id +
                     R"(","method":"GET","path":"/secret-free","status":200,"bytes":33,"ms":)"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find(R"("outcome":"complete","principal":"","peer":"127.0.0.1"})"), std::string::npos) << log;
  EXPECT_EQ(log.find("hush-hush"), std::string::npos);
}

TEST_F(ServerProtocolTest, CountsWhatItDoes) {
  StartEcho();
  TestClient client = Connect();
  client.Get("/");
  client.ReadReply();
  Refused("nonsense\r\n\r\n");
  StopAndWait();
  EXPECT_EQ(server_->stats().responses[2], 1u);
  EXPECT_EQ(server_->stats().responses[4], 1u);
  EXPECT_EQ(server_->stats().connections_accepted, 2u);
  EXPECT_EQ(server_->stats().connections_open, 0u);
  EXPECT_GT(server_->stats().bytes_sent, 100u);
}

TEST(ServerListen, SaysWhyItCannot) {
  class Nothing : public Handler {
    void Handle(Request, Reply) override {}
  } handler;
  auto first = Server::Listen({}, handler);
  ASSERT_TRUE(first.ok());
  ServerOptions taken;
  taken.port = (*first)->port();
  const auto second = Server::Listen(taken, handler);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("Address already in use"), std::string::npos) << second.error().message;
  ServerOptions elsewhere;
  elsewhere.address = "203.0.113.7";
  EXPECT_FALSE(Server::Listen(elsewhere, handler).ok());
}

}  // namespace
}  // namespace eider
