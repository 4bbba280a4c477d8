// Bodies on their way: slow ones, broken ones, and readers that are slow, stop or leave.
#include <poll.h>
#include <sys/socket.h>

#include "server/server_fixture.h"

namespace eider {
namespace {

using std::chrono::milliseconds;
using End = TestClient::End;

class ServerStreamTest : public ServerTest {};

TEST_F(ServerStreamTest, SendsPiecesAsTheyCome) {
  StartScripted();
  TestClient client = Connect();
  client.Get("/");
  script_->Push("one ");
  ASSERT_TRUE(script_->waits.Reaches(1));
  const std::string head = client.ReadSome(17);
  EXPECT_EQ(head, "HTTP/1.1 200 OK\r\n");
  script_->Push("two ");
  ASSERT_TRUE(script_->waits.Reaches(2));
  script_->Push("three");
  script_->End();
  client.Get("/next", "Connection: close\r\n");
  std::string rest;
  client.ReadToEnd(rest);
  EXPECT_NE(rest.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_NE(rest.find("three\r\n0\r\n\r\n"), std::string::npos);
  EXPECT_TRUE(script_->destroyed.Reaches(1));
}

TEST_F(ServerStreamTest, AKnownLengthIsStatedAndTheConnectionKept) {
  StartScripted();
  script_->length = 6;
  script_->Push("abcdef");
  script_->End();
  TestClient client = Connect();
  client.Get("/");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.Find("Content-Length"), "6");
  EXPECT_EQ(reply.body, "abcdef");
  script_->Push("ghijkl");
  client.Get("/");
  EXPECT_EQ(client.ReadReply().body, "ghijkl");
}

TEST_F(ServerStreamTest, TrailersAreAnnouncedAndSent) {
  StartScripted(true);
  script_->trailers = {{"Eider-Rows", "2"}, {"Content-Digest", "sha-256=:x:"}};
  script_->length = 4;
  script_->Push("1\n2\n");
  script_->End();
  TestClient client = Connect();
  client.Get("/", "TE: trailers\r\n");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.Find("Trailer"), "Eider-Rows, Content-Digest");
  EXPECT_EQ(reply.Find("Content-Length"), "");
  EXPECT_EQ(reply.body, "1\n2\n");
  EXPECT_EQ(reply.FindTrailer("Eider-Rows"), "2");
  EXPECT_EQ(reply.FindTrailer("Content-Digest"), "sha-256=:x:");
}

TEST_F(ServerStreamTest, AnOldClientGetsABodyThatTheCloseEnds) {
  StartScripted(true);
  script_->Push("old");
  script_->End();
  TestClient client = Connect();
  client.Send("GET / HTTP/1.0\r\n\r\n");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.Find("Transfer-Encoding"), "");
  EXPECT_EQ(reply.body, "old");
}

// Each framing, broken after its first bytes: the client must see it.
TEST_F(ServerStreamTest, AnErrorInTheMiddleBreaksTheTransfer) {
  struct Case {
    std::string request;
    std::optional<std::uint64_t> length;
  };
  const Case cases[] = {{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", std::nullopt},
                        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 8},
                        {"GET / HTTP/1.0\r\n\r\n", std::nullopt}};
  StartScripted();
  for (const Case& broken : cases) {
    script_ = std::make_shared<Script>();
    script_->length = broken.length;
    script_->Push("part");
    TestClient client = Connect();
    client.Send(broken.request);
    ASSERT_TRUE(script_->waits.Reaches(1));
    std::string got = client.ReadSome(17);
    script_->Fail();
    const TestClient::Reply reply = client.ReadReply();
    std::string rest;
    EXPECT_FALSE(reply.complete);
    EXPECT_EQ(client.ReadToEnd(rest), End::kReset);
    EXPECT_TRUE(script_->destroyed.Reaches(1));
  }
  StopAndWait();
  EXPECT_EQ(server_->stats().errors, 3u);
}

TEST_F(ServerStreamTest, AnErrorBehindTheLastStatedByteIsStillSeen) {
  StartScripted();
  script_->length = 4;
  script_->Push("part");
  TestClient client = Connect();
  client.Get("/");
  ASSERT_TRUE(script_->waits.Reaches(1));
  script_->Fail();
  EXPECT_EQ(client.ReadReply().status, 503);  // not a byte had been sent
}

TEST_F(ServerStreamTest, AnErrorBeforeTheFirstByteIsAProblem) {
  StartScripted();
  TestClient client = Connect();
  client.Get("/");
  ASSERT_TRUE(script_->waits.Reaches(1));
  script_->Fail();
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.Find("Content-Type"), "application/problem+json");
  EXPECT_NE(reply.body.find("the store is gone"), std::string::npos);
}

TEST_F(ServerStreamTest, ABodyThatIsShortOfItsLengthIsBroken) {
  StartScripted();
  script_->length = 1'000'000;
  script_->Push(std::string(999'999, 'x'));
  script_->End();
  TestClient client = Connect();
  client.Get("/");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.complete);
}

TEST_F(ServerStreamTest, AReaderThatStopsIsCut) {
  options_.stall_timeout = milliseconds(100);
  auto destroyed = std::make_shared<Tally>();
  Start([&](Request, Reply reply) {
    reply(BodyResponse(std::make_unique<PatternBody>(std::uint64_t{1} << 40, destroyed)));
  });
  TestClient client = Connect(8192);
  client.Get("/");
  EXPECT_TRUE(destroyed->Reaches(1));
  std::string rest;
  EXPECT_EQ(client.ReadToEnd(rest), End::kReset);
  StopAndWait();
  EXPECT_EQ(server_->stats().cut, 1u);
}

// A query may take longer than a reader may stall.
TEST_F(ServerStreamTest, WaitingForTheBodyIsNoStall) {
  options_.stall_timeout = milliseconds(20);
  StartScripted();
  script_->Push("a");
  TestClient slow = Connect();
  slow.Get("/");
  ASSERT_TRUE(script_->waits.Reaches(1));
  const auto first = script_;
  // Another connection is cut for its stall meanwhile, so several times the limit has passed.
  script_ = std::make_shared<Script>();
  script_->Push(std::string(50'000'000, 'x'));
  TestClient stalled = Connect(8192);
  stalled.Get("/");
  EXPECT_TRUE(script_->destroyed.Reaches(1));
  first->Push("b");
  first->End();
  const TestClient::Reply reply = slow.ReadReply();
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, "ab");
}

TEST_F(ServerStreamTest, AClientThatLeavesAPendingBodyIsNoticed) {
  StartScripted();
  for (const bool reset : {false, true}) {
    script_ = std::make_shared<Script>();
    script_->Push("a");
    TestClient client = Connect();
    client.Get("/");
    ASSERT_TRUE(script_->waits.Reaches(1));
    client.ReadSome(10);
    if (reset) {
      client.LeaveWithReset();
    } else {
      client.Leave();
    }
    EXPECT_TRUE(script_->destroyed.Reaches(1));
  }
  StopAndWait();
  EXPECT_EQ(server_->stats().clients_left, 2u);
}

TEST_F(ServerStreamTest, AClientThatLeavesInTheMiddleOfAWriteIsNoticed) {
  auto destroyed = std::make_shared<Tally>();
  Start([&](Request, Reply reply) {
    reply(BodyResponse(std::make_unique<PatternBody>(std::uint64_t{1} << 40, destroyed)));
  });
  TestClient client = Connect();
  client.Get("/");
  client.ReadSome(1'000'000);
  client.Leave();
  EXPECT_TRUE(destroyed->Reaches(1));
}

TEST_F(ServerStreamTest, AClientThatLeavesBeforeTheReplyIsTolerated) {
  Tally asked;
  Tally told;
  Reply late;
  std::optional<std::stop_callback<std::function<void()>>> on_left;
  Start([&](Request request, Reply reply) {
    late = std::move(reply);
    on_left.emplace(request.client_left, [&] { told.Add(); });
    asked.Add();
  });
  TestClient client = Connect();
  client.Get("/");
  ASSERT_TRUE(asked.Reaches(1));
  client.Leave();
  EXPECT_TRUE(told.Reaches(1));
  script_->Push("nobody reads this");
  late(BodyResponse(std::make_unique<ScriptedBody>(script_)));
  EXPECT_TRUE(script_->destroyed.Reaches(1));
}

TEST_F(ServerStreamTest, RepliesFromAnotherThread) {
  std::vector<std::jthread> threads;
  Start([&](Request request, Reply reply) {
    threads.emplace_back([path = request.path, reply] { reply(TextResponse(path)); });
  });
  TestClient client = Connect();
  for (int i = 0; i < 50; ++i) {
    client.Get("/" + std::to_string(i));
    ASSERT_EQ(client.ReadReply().body, "/" + std::to_string(i));
  }
}

// A producer on its own thread races with the server's reads.
TEST_F(ServerStreamTest, ABodyFedByAnotherThreadIsWhole) {
  StartScripted();
  const std::string all = PatternBody::All(3'000'000);
  std::jthread producer([&] {
    for (std::size_t at = 0; at < all.size(); at += 1777) script_->Push(std::string_view(all).substr(at, 1777));
    script_->End();
  });
  TestClient client = Connect();
  client.Get("/");
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(reply.body == all);
}

TEST_F(ServerStreamTest, ManySlowReadersHoldNoThread) {
  constexpr int kReaders = 200;
  constexpr std::uint64_t kBytes = 300'000;  // more than the buffers of both kernels hold
  auto destroyed = std::make_shared<Tally>();
  Start([&](Request request, Reply reply) {
    if (request.path == "/fast") return reply(TextResponse("fast"));
    reply(BodyResponse(std::make_unique<PatternBody>(kBytes, destroyed)));
  });
  std::vector<TestClient> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(Connect(8192));
    readers.back().Get("/", "Connection: close\r\n");
  }
  for (TestClient& reader : readers) ASSERT_EQ(reader.ReadSome(17), "HTTP/1.1 200 OK\r\n");
  // All are being served and none can go on; somebody else is served nevertheless.
  TestClient fast = Connect();
  fast.Get("/fast");
  EXPECT_EQ(fast.ReadReply().body, "fast");
  EXPECT_EQ(server_->stats().connections_open, kReaders + 1u);

  std::vector<std::string> got(kReaders);
  for (std::size_t open = kReaders; open > 0;) {
    open = 0;
    for (int i = 0; i < kReaders; ++i) {
      const std::string more = readers[i].ReadSome(4096);
      got[i] += more;
      if (!more.empty()) ++open;
    }
  }
  const std::string all = PatternBody::All(kBytes);
  for (const std::string& bytes : got) {
    std::string body;
    std::string_view rest = std::string_view(bytes).substr(bytes.find("\r\n\r\n") + 4);
    while (const std::size_t size = std::stoull(std::string(rest), nullptr, 16)) {
      rest.remove_prefix(rest.find("\r\n") + 2);
      body += rest.substr(0, size);
      rest.remove_prefix(size + 2);
    }
    ASSERT_TRUE(body == all);
  }
  EXPECT_TRUE(destroyed->Reaches(kReaders));
}

}  // namespace
}  // namespace eider
