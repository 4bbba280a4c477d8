#include "api/metadata_body.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

// "[1]" in pieces of one byte, kPending before each.
class Slow : public Body {
 public:
  Result<Piece> Read(std::span<char> out) override {
    if (at_ == 3) return Piece{State::kEnd, 0};
    if (!std::exchange(ready_, false)) return Piece{State::kPending, 0};
    out[0] = "[1]"[at_++];
    return Piece{State::kBytes, 1};
  }
  void WhenReadable(std::function<void()> ready) override {
    ready_ = true;
    ready();
  }
  std::optional<std::uint64_t> size() const override { return 3; }

 private:
  int at_ = 0;
  bool ready_ = false;
};

TEST(MetadataBodyTest, TheTextStandsAroundTheBodyHoweverSmallThePieces) {
  for (const std::size_t piece : {1, 3, 1000}) {
    MetadataBody body("{\"data\":", std::make_unique<Slow>(), [] { return std::string(",\"rows\":1}"); });
    std::string text;
    for (;;) {
      std::string buffer(piece, '\0');
      const auto read = body.Read(buffer);
      ASSERT_TRUE(read.ok());
      if (read->state == Body::State::kEnd) break;
      text += buffer.substr(0, read->size);
      bool ready = false;
      body.WhenReadable([&] { ready = true; });
      EXPECT_TRUE(ready);
    }
    EXPECT_EQ(text, "{\"data\":[1],\"rows\":1}");
    EXPECT_EQ(body.size(), std::nullopt);
  }
}

}  // namespace
}  // namespace eider
