#include "lambda/function.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <utility>

#include "base/log.h"

namespace eider {
namespace {

constexpr const char* kUrl =
    R"({"rawPath":"/a.csv","requestContext":{"domainName":"x.lambda-url.y.on.aws","http":{"method":"GET"}}})";
constexpr const char* kUrlHead =
    R"({"rawPath":"/a.csv","requestContext":{"domainName":"x.lambda-url.y.on.aws","http":{"method":"HEAD"}}})";
constexpr const char* kApi = R"({"rawPath":"/a.csv","requestContext":{"http":{"method":"GET"}}})";
constexpr const char* kQuestion = R"({"q":"SELECT 1"})";
const std::string kStart = R"({"statusCode":200,"headers":{},"cookies":[]})" + std::string(8, '\0');

// Pieces, kPending before each, and then an error or the end.
class Scripted final : public Body {
 public:
  explicit Scripted(std::deque<std::string> pieces, std::optional<Error> error = {})
      : pieces_(std::move(pieces)), error_(std::move(error)) {}
  Result<Piece> Read(std::span<char> out) override {
    if (!std::exchange(ready_, false)) return Piece{State::kPending, 0};
    if (pieces_.empty() && error_) return *error_;
    if (pieces_.empty()) return Piece{State::kEnd, 0};
    std::string& piece = pieces_.front();
    const std::size_t size = piece.copy(out.data(), out.size());
    piece.erase(0, size);
    if (piece.empty()) pieces_.pop_front();
    return Piece{State::kBytes, size};
  }
  void WhenReadable(std::function<void()> ready) override {
    ready_ = true;
    ready();
  }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  std::deque<std::string> pieces_;
  std::optional<Error> error_;
  bool ready_ = false;
};

class Scene final : public Handler, public InvocationAnswer {
 public:
  void Handle(Request request, Reply reply) override {
    asked = request;
    if (keep_waiting) {
      owed = std::move(reply);
      return;
    }
    Response response;
    response.text = text;
    rooms.push_back(asked.room_bytes);
    if (asked.room_bytes == 0) {
      response.status = 303;
      response.text = "the link";
      return reply(std::move(response));
    }
    if (!pieces.empty() || error) response.body = std::make_unique<Scripted>(pieces, error);
    response.headers = headers;
    response.status = status;
    reply(std::move(response));
  }

  Status Respond(std::string_view, std::string_view payload) override { return Say("respond", payload); }
  Status Fail(const FunctionError& failed) override { return Say("fail", failed.type + ": " + failed.message); }
  Status Begin(std::string_view content_type) override { return Say("begin", content_type); }
  Status Write(std::string_view chunk) override {
    sent += chunk;
    longest = std::max(longest, chunk.size());
    if (sent.size() > cut_after) return *cut_by;
    return {};
  }
  Status End() override { return Say("end", ""); }
  Status Break(const FunctionError& failed) override { return Say("break", failed.type); }

  bool Invoke(const char* event, const FunctionOptions& options = {}) {
    LambdaInvocation invocation;
    invocation.id = "i1";
    invocation.event = event;
    invocation.deadline = invocation.work_until = work_until;
    return Function(*this, options).Invoke(invocation, *this);
  }

  // What the handler does.
  std::string text;
  std::deque<std::string> pieces;
  std::optional<Error> error;
  std::vector<Header> headers;
  int status = 200;
  bool keep_waiting = false;
  Reply owed;

  // What was asked and answered.
  Request asked;
  std::vector<std::uint64_t> rooms;
  std::string said;  // "begin KIND|end |"
  std::string sent;
  std::size_t longest = 0;
  SteadyTime work_until = SteadyTime::max();
  std::size_t cut_after = std::numeric_limits<std::size_t>::max();
  std::optional<Error> cut_by;

 private:
  Status Say(const std::string& what, std::string_view how) {
    said += what + " " + std::string(how) + "|";
    return {};
  }
};

class FunctionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { SetLogLevel(LogLevel::kOff); }
  Scene scene;
};

TEST_F(FunctionTest, AFunctionUrlStreams) {
  scene.pieces = {"id\n", std::string(200'000, 'x')};
  EXPECT_TRUE(scene.Invoke(kUrl));
  EXPECT_EQ(scene.said, "begin application/vnd.awslambda.http-integration-response|end |");
  EXPECT_EQ(scene.sent, kStart + "id\n" + std::string(200'000, 'x'));
  EXPECT_LE(scene.longest, 64u * 1024);
  EXPECT_EQ(scene.asked.path, "/a.csv");
  EXPECT_EQ(scene.asked.id, "i1");
}

TEST_F(FunctionTest, OtherDoorsGetTheWhole) {
  scene.pieces = {"a", "b"};
  scene.Invoke(kApi);
  EXPECT_EQ(scene.said, R"(respond {"statusCode":200,"headers":{},"isBase64Encoded":false,"body":"ab"}|)");
  Scene streamed;
  streamed.text = "ab";
  streamed.Invoke(kApi, {.mode = InvokeMode::kStream});
  EXPECT_EQ(streamed.sent, kStart + "ab");
  Scene buffered;
  buffered.text = "ab";
  buffered.Invoke(kUrl, {.mode = InvokeMode::kBuffered});
  EXPECT_TRUE(buffered.said.starts_with("respond {\"statusCode\":200"));
}

TEST_F(FunctionTest, AHeadHasNoBody) {
  scene.pieces = {"a"};
  scene.Invoke(kUrlHead);
  EXPECT_EQ(scene.sent, kStart);
  EXPECT_TRUE(scene.said.ends_with("|end |"));
}

TEST_F(FunctionTest, AnEmptyBodyIsSaidToBeEmpty) {
  scene.Invoke(kUrl);
  EXPECT_EQ(scene.sent, R"({"statusCode":200,"headers":{"content-length":"0"},"cookies":[]})" + std::string(8, '\0'));
}

TEST_F(FunctionTest, AnErrorBeforeTheFirstByteIsAResponseAndAfterItATrailer) {
  scene.error = Corrupt("cut");
  scene.Invoke(kUrl);
  EXPECT_TRUE(scene.sent.starts_with(R"({"statusCode":502,)")) << scene.sent;
  EXPECT_TRUE(scene.said.ends_with("|end |"));
  Scene later;
  later.pieces = {"a"};
  later.error = Corrupt("cut");
  later.Invoke(kUrl);
  EXPECT_EQ(later.sent, kStart + "a");
  EXPECT_TRUE(later.said.ends_with("|break LakeError|")) << later.said;
}

TEST_F(FunctionTest, TooLongIsNeverShorter) {
  scene.pieces = {std::string(2000, 'x')};
  scene.Invoke(kApi, {.buffered_bytes = 1000});
  EXPECT_TRUE(scene.said.starts_with("respond {\"statusCode\":413,")) << scene.said;
  Scene streamed;
  streamed.pieces = {"a", std::string(2000, 'x')};
  streamed.Invoke(kUrl, {.streamed_bytes = 1000});
  EXPECT_EQ(streamed.sent, kStart + "a");
  EXPECT_TRUE(streamed.said.ends_with("|break LimitReached|")) << streamed.said;
  Scene envelope;  // fits itself, and not as JSON
  envelope.pieces = {std::string(600, '\n')};
  envelope.Invoke(kApi, {.buffered_bytes = 1000});
  EXPECT_TRUE(envelope.said.starts_with("respond {\"statusCode\":413,"));
}

TEST_F(FunctionTest, TheHandlerIsToldWhatADoorHasRoomFor) {
  scene.Invoke(kApi, {.links = true});
  EXPECT_EQ(scene.rooms, std::vector<std::uint64_t>{6'291'556});
  Scene url;
  url.Invoke(kUrl, {.links = true});
  EXPECT_EQ(url.rooms, std::vector<std::uint64_t>{200'000'000});
  Scene hurried;  // 6 MB at once, and 2 in each of ten seconds
  hurried.work_until = SystemSteadyClock()() + std::chrono::seconds(10);
  hurried.Invoke(kUrl, {.links = true});
  EXPECT_GT(hurried.rooms.at(0), 6'000'000u);
  EXPECT_LE(hurried.rooms.at(0), 26'000'000u);
  Scene without;
  without.Invoke(kUrl);
  EXPECT_EQ(without.rooms, std::vector<std::uint64_t>{kAnyRoom});
}

TEST_F(FunctionTest, WhatItsEnvelopeMakesTooLongIsALink) {
  scene.pieces = {std::string(600, '\n')};
  scene.Invoke(kApi, {.buffered_bytes = 1000, .links = true});
  EXPECT_EQ(scene.said, R"(respond {"statusCode":303,"headers":{},"isBase64Encoded":false,"body":"the link"}|)");
  EXPECT_EQ(scene.rooms, (std::vector<std::uint64_t>{1000, 0}));
  Scene direct;
  direct.pieces = {std::string(1001, 'x')};
  direct.Invoke(kQuestion, {.buffered_bytes = 1000, .links = true});
  EXPECT_EQ(direct.said, "respond the link|");
  Scene streamed;  // a wrong estimate
  streamed.pieces = {"a", std::string(2000, 'x')};
  streamed.Invoke(kUrl, {.streamed_bytes = 1000, .links = true});
  EXPECT_TRUE(streamed.said.ends_with("|break LimitReached|")) << streamed.said;
}

TEST_F(FunctionTest, ADirectAnswerIsSentWholeWhileItFits) {
  scene.pieces = {"[1]"};
  scene.Invoke(kQuestion);
  EXPECT_EQ(scene.said, "respond [1]|");
  EXPECT_EQ(scene.asked.body, kQuestion);
  Scene longer;
  longer.pieces = {std::string(900, 'x'), std::string(900, 'y'), "z"};
  longer.Invoke(kQuestion, {.buffered_bytes = 1000});
  EXPECT_EQ(longer.said, "begin application/json|end |");
  EXPECT_EQ(longer.sent, std::string(900, 'x') + std::string(900, 'y') + "z");
  Scene refused;
  refused.pieces = {std::string(2000, 'x')};
  refused.Invoke(kQuestion, {.mode = InvokeMode::kBuffered, .buffered_bytes = 1000});
  EXPECT_TRUE(refused.said.starts_with("fail LimitReached: ")) << refused.said;
}

TEST_F(FunctionTest, ADirectQuestionIsLetInByLambdaOrItsKey) {
  scene.Invoke(kQuestion);
  EXPECT_TRUE(scene.asked.authorised);
  EXPECT_TRUE(scene.asked.Find("X-Api-Key").empty());
  Scene keyed;
  keyed.Invoke(R"({"q":"SELECT 1","api_key":"abc"})", {.direct_needs_key = true});
  EXPECT_FALSE(keyed.asked.authorised);
  EXPECT_EQ(keyed.asked.Find("X-Api-Key"), "abc");
  Scene url;  // says nothing of who asks
  url.Invoke(kUrl);
  EXPECT_FALSE(url.asked.authorised);
}

TEST_F(FunctionTest, AQuestionsErrorIsTheFunctions) {
  scene.headers = {{"X-Amz-Function-Error", "Unhandled"}};
  scene.text = R"({"errorMessage":"no such dataset","errorType":"NotFound"})";
  scene.Invoke(kQuestion);
  EXPECT_EQ(scene.said, "fail NotFound: no such dataset|");
  Scene refused;
  refused.status = 401;
  refused.text = R"({"title":"Unauthorized","detail":"a key is wanted"})";
  refused.Invoke(kQuestion);
  EXPECT_EQ(refused.said, "fail Refused: a key is wanted|");
  Scene failed;
  failed.pieces = {"["};
  failed.error = Error{ErrorKind::kTimeout, "late", {}};
  failed.Invoke(kQuestion);
  EXPECT_EQ(failed.said, "fail Timeout: late|");
}

TEST_F(FunctionTest, TheDeadlineIsTheMomentAtWhichTheClientLeaves) {
  scene.keep_waiting = true;
  scene.work_until = SystemSteadyClock()();
  EXPECT_TRUE(scene.Invoke(kQuestion));
  EXPECT_TRUE(scene.said.starts_with("fail Timeout: ")) << scene.said;
  EXPECT_TRUE(scene.asked.client_left.stop_requested());
  scene.owed(Response());  // too late, and harmless
  Scene http;
  http.keep_waiting = true;
  http.work_until = SystemSteadyClock()();
  http.Invoke(kApi);
  EXPECT_TRUE(http.said.starts_with("respond {\"statusCode\":504,")) << http.said;
}

TEST_F(FunctionTest, AnAnswerThatNeverPausesEndsAtTheDeadlineToo) {
  scene.pieces = {std::string(1'000'000, 'x')};
  scene.work_until = SystemSteadyClock()();
  scene.Invoke(kApi);
  EXPECT_TRUE(scene.said.starts_with("respond {\"statusCode\":504,")) << scene.said;
}

TEST_F(FunctionTest, AClientThatTakesTooLongIsToldAndOneThatLeftIsNot) {
  scene.pieces = {"a", "b"};
  scene.cut_after = kStart.size();
  scene.cut_by = Error{ErrorKind::kTimeout, "slow", {}};
  scene.Invoke(kUrl);
  EXPECT_TRUE(scene.said.ends_with("|break Timeout|")) << scene.said;
  Scene gone;
  gone.pieces = {"a", "b"};
  gone.cut_after = kStart.size();
  gone.cut_by = Error{ErrorKind::kUnavailable, "closed", {}};
  gone.Invoke(kUrl);
  EXPECT_EQ(gone.said, "begin application/vnd.awslambda.http-integration-response|");
  EXPECT_EQ(gone.sent, kStart + "a");
}

TEST_F(FunctionTest, AStopEndsAnInvocation) {
  Wakeup stop;
  stop.Waker()();
  scene.keep_waiting = true;
  EXPECT_FALSE(scene.Invoke(kQuestion, {.stop_fd = stop.fd()}));
  EXPECT_TRUE(scene.said.starts_with("fail Cancelled: ")) << scene.said;
}

TEST_F(FunctionTest, ObjectEventsAreRefusedUnlessThereAreNone) {
  const std::string record =
      R"({"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}})";
  scene.Invoke((R"({"Records":[)" + record + "]}").c_str());
  EXPECT_TRUE(scene.said.starts_with("fail NothingConfigured: ")) << scene.said;
  EXPECT_NE(scene.said.find("s3://b/k"), std::string::npos);
  Scene test;
  test.Invoke(R"({"Event":"s3:TestEvent"})");
  EXPECT_EQ(test.said, "respond {}|");
  Scene queue;
  queue.Invoke(R"({"Records":[{"messageId":"1","eventSource":"aws:sqs","body":"broken"},)"
               R"({"messageId":"2","eventSource":"aws:sqs","body":"{\"Event\":\"s3:TestEvent\"}"}]})");
  EXPECT_EQ(queue.said, R"(respond {"batchItemFailures":[{"itemIdentifier":"1"}]}|)");
  Scene unknown;
  unknown.Invoke("{\"foo\":1}");
  EXPECT_TRUE(unknown.said.starts_with("fail InvalidEvent: ")) << unknown.said;
}

TEST(WorkUntilTest, ATenthOfTheTimeIsLeftToTellAtMostHalfASecond) {
  const SteadyTime now = SystemSteadyClock()();
  using std::chrono::milliseconds;
  EXPECT_EQ(WorkUntil(now, now + milliseconds(1000)), now + milliseconds(900));
  EXPECT_EQ(WorkUntil(now, now + milliseconds(60'000)), now + milliseconds(59'500));
  EXPECT_EQ(WorkUntil(now, now - milliseconds(1000)), now - milliseconds(1000));
  EXPECT_EQ(WorkUntil(now, SteadyTime::max()), SteadyTime::max());
}

}  // namespace
}  // namespace eider
