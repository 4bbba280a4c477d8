// How a server ends.
#include "server/server_fixture.h"

namespace eider {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using End = TestClient::End;

class ServerStopTest : public ServerTest {};

TEST_F(ServerStopTest, FinishesWhatIsInFlightAndClosesWhatIsIdle) {
  StartScripted();
  TestClient idle = Connect();
  script_->End();
  idle.Get("/");
  EXPECT_TRUE(idle.ReadReply().complete);

  script_ = std::make_shared<Script>();
  script_->Push("before ");
  TestClient busy = Connect();
  busy.Get("/");
  ASSERT_TRUE(script_->waits.Reaches(1));
  server_->Stop(hours(1));
  std::string nothing;
  EXPECT_EQ(idle.ReadToEnd(nothing), End::kClosed);
  EXPECT_EQ(nothing, "");
  script_->Push("after");
  script_->End();
  const TestClient::Reply reply = busy.ReadReply();
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, "before after");
  Join();  // although the grace is far from over
  EXPECT_EQ(server_->stats().connections_open, 0u);
  EXPECT_EQ(server_->stats().cut, 0u);
}

TEST_F(ServerStopTest, AReplyWhileDrainingSaysClose) {
  Tally asked;
  Reply late;
  Start([&](Request, Reply reply) {
    late = std::move(reply);
    asked.Add();
  });
  TestClient client = Connect();
  TestClient idle = Connect();
  client.Get("/");
  ASSERT_TRUE(asked.Reaches(1));
  server_->Stop(hours(1));
  std::string nothing;
  idle.ReadToEnd(nothing);  // so the draining has begun
  late(TextResponse("done"));
  const TestClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.body, "done");
  EXPECT_EQ(reply.Find("Connection"), "close");
  Join();
}

TEST_F(ServerStopTest, CutsWhatOutlastsTheGrace) {
  StartScripted();
  script_->Push("part");
  TestClient client = Connect();
  client.Get("/");
  ASSERT_TRUE(script_->waits.Reaches(1));
  client.ReadSome(10);
  server_->Stop(milliseconds(20));
  Join();
  EXPECT_TRUE(script_->destroyed.Reaches(1));
  std::string rest;
  EXPECT_EQ(client.ReadToEnd(rest), End::kReset);
  EXPECT_EQ(server_->stats().cut, 1u);
}

TEST_F(ServerStopTest, ASecondStopShortensTheGrace) {
  auto destroyed = std::make_shared<Tally>();
  Start([&](Request, Reply reply) {
    reply(BodyResponse(std::make_unique<PatternBody>(std::uint64_t{1} << 40, destroyed)));
  });
  TestClient client = Connect(8192);
  client.Get("/");
  client.ReadSome(17);
  server_->Stop(hours(1));
  server_->Stop(milliseconds(0));
  server_->Stop(hours(2));  // and cannot lengthen it again
  Join();
  EXPECT_TRUE(destroyed->Reaches(1));
}

TEST_F(ServerStopTest, ACutRequestThatWaitsForItsReplyIsTold) {
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
  server_->Stop(milliseconds(0));
  Join();
  EXPECT_TRUE(told.Reaches(1));
  const std::uint64_t cut = server_->stats().cut;
  EXPECT_EQ(cut, 1u);
  server_.reset();
  late(BodyResponse(std::make_unique<ScriptedBody>(script_)));  // the server is gone
  EXPECT_TRUE(script_->destroyed.Reaches(1));
}

TEST_F(ServerStopTest, ABodyMayCallReadyWhenTheServerIsGone) {
  std::function<void()> ready;
  class Keeping : public PatternBody {
   public:
    explicit Keeping(std::function<void()>& kept, Tally& waits) : PatternBody(1), kept_(kept), waits_(waits) {}
    Result<Piece> Read(std::span<char>) override { return Piece{}; }
    void WhenReadable(std::function<void()> given) override {
      kept_ = std::move(given);
      waits_.Add();
    }

   private:
    std::function<void()>& kept_;
    Tally& waits_;
  };
  Tally waits;
  Start([&](Request, Reply reply) { reply(BodyResponse(std::make_unique<Keeping>(ready, waits))); });
  TestClient client = Connect();
  client.Get("/");
  ASSERT_TRUE(waits.Reaches(1));
  StopAndWait();
  server_.reset();
  ready();
}

TEST_F(ServerStopTest, StopBeforeRun) {
  auto listening = Server::Listen(options_, *this);
  ASSERT_TRUE(listening.ok());
  (*listening)->Stop();
  (*listening)->Run();
}

TEST_F(ServerStopTest, NeverRun) {
  auto listening = Server::Listen(options_, *this);
  ASSERT_TRUE(listening.ok());
  const TestClient waiting((*listening)->port(), 0, /*tls=*/false);  // nobody would shake its hand
}

// Stops while clients come, ask and go: nothing may hang or leak.
TEST_F(ServerStopTest, StopsInTheMiddleOfABusyDay) {
  options_.idle_timeout = options_.header_timeout = hours(1);  // so that only an answer or the stop ends a wait
  for (int round = 0; round < 10; ++round) {
    StartEcho();
    const std::uint16_t port = server_->port();
    Tally answered;
    std::vector<std::jthread> crowd;
    for (int i = 0; i < 4; ++i) {
      crowd.emplace_back([port, &answered] {
        while (true) {
          TestClient client(port);
          client.Get("/");
          const TestClient::Reply reply = client.ReadReply();
          EXPECT_NE(reply.end, TestClient::End::kPatience) << "neither answered nor closed";
          if (reply.status != 200) return;
          answered.Add();
        }
      });
    }
    ASSERT_TRUE(answered.Reaches(20));
    server_->Stop(round % 2 == 0 ? milliseconds(0) : hours(1));
    Join();
  }
}

}  // namespace
}  // namespace eider
