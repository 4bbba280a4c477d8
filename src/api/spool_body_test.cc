#include "api/spool_body.h"

#include <gtest/gtest.h>

#include <future>

namespace eider {
namespace {

class SpoolBodyTest : public testing::Test {
 protected:
  static ProductionOptions Options() {
    ProductionOptions options;
    options.spool_folder = testing::TempDir();
    return options;
  }

  // A reader of a finished or failed production of `text`.
  Reader Produced(const std::string& text, std::optional<Error> error = {}) {
    auto reader = productions_.Join("", [=](Sink& sink, std::stop_token, const TellEnd&) -> Result<SpoolEnd> {
      if (auto status = sink.Write(text); !status) return status.error();
      if (error) return *error;
      return SpoolEnd{7, 0, 0};
    });
    std::promise<void> ended;
    reader->spool().Wait(Spool::kUntilEnd, [&] { ended.set_value(); });
    ended.get_future().wait();
    return *std::move(reader);
  }

  std::unique_ptr<SpoolBody> Make(Reader reader, SpoolSpan span = {}, bool digest = false) {
    return std::make_unique<SpoolBody>(std::move(reader), span, digest,
                                       [this](const BodyOutcome& outcome) { outcomes_.push_back(outcome); });
  }

  static std::string ReadAll(SpoolBody& body) {
    std::string out;
    char buffer[7];
    for (;;) {
      const auto piece = body.Read(buffer);
      EXPECT_TRUE(piece.ok());
      if (piece->state != Body::State::kBytes) return out;
      out.append(buffer, piece->size);
    }
  }

  Productions productions_{Options()};
  std::vector<BodyOutcome> outcomes_;
};

TEST_F(SpoolBodyTest, TheWholeWithRowsAndDigest) {
  const auto body = Make(Produced("hello, spool"), {}, true);
  EXPECT_EQ(body->size(), 12u);
  EXPECT_EQ(ReadAll(*body), "hello, spool");
  ASSERT_EQ(body->trailers().size(), 3u);
  EXPECT_EQ(body->trailers()[0].value, "7");
  Sha256 sha;
  sha.Update(std::string_view("hello, spool"));
  EXPECT_EQ(body->trailers()[2].value, "sha-256=:" + Base64(sha.Finish()) + ":");
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, BodyOutcome::Kind::kComplete);
  EXPECT_EQ(outcomes_[0].end.rows, 7u);
  EXPECT_EQ(outcomes_[0].bytes, 12u);
}

TEST_F(SpoolBodyTest, ASpan) {
  const auto body = Make(Produced("hello, spool"), {7, 10});
  EXPECT_EQ(body->size(), 3u);
  EXPECT_EQ(ReadAll(*body), "spo");
}

TEST_F(SpoolBodyTest, AFailureComesAfterTheBytesBeforeIt) {
  const auto body = Make(Produced("partial", Corrupt("cut")));
  char buffer[100];
  EXPECT_EQ(body->Read(buffer)->size, 7u);
  const auto end = body->Read(buffer);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().message, "cut");
  EXPECT_EQ(body->size(), std::nullopt);
  EXPECT_EQ(outcomes_[0].kind, BodyOutcome::Kind::kError);
}

TEST_F(SpoolBodyTest, LeavingIsTold) {
  Make(Produced("hello"));
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, BodyOutcome::Kind::kLeft);
}

}  // namespace
}  // namespace eider
