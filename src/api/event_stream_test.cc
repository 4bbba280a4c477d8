#include "api/event_stream.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

// Byte for byte what Amazon's own encoder makes of an event without headers of another kind.
TEST(EventStreamTest, FramesAnEvent) {
  const std::string event = EncodeEvent("InvokeComplete", "application/json", "{}");
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(event[at + i]);
    return value;
  };
  EXPECT_EQ(number(0), event.size());
  EXPECT_EQ(number(4), event.size() - 16 - 2);
  EXPECT_EQ(event.substr(12, 15), std::string("\x0b:event-type\x07\x00\x0e", 15));
  EXPECT_EQ(event.substr(event.size() - 6, 2), "{}");
}

class TwoPieces final : public Body {
 public:
  explicit TwoPieces(std::optional<Error> error) : error_(std::move(error)) {}
  Result<Piece> Read(std::span<char> out) override {
    switch (step_++) {
      case 0: out[0] = 'a'; return Piece{State::kBytes, 1};
      case 1: return Piece{State::kPending, 0};
      case 2: out[0] = 'b'; return Piece{State::kBytes, 1};
      default: break;
    }
    if (error_) return *error_;
    return Piece{State::kEnd, 0};
  }
  void WhenReadable(std::function<void()> ready) override { ready(); }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  std::optional<Error> error_;
  int step_ = 0;
};

std::string Drain(Body& body) {
  std::string all;
  char buffer[11];
  for (;;) {
    const auto piece = body.Read(buffer);
    if (!piece) return all + "<error>";
    if (piece->state == Body::State::kEnd) return all;
    all.append(buffer, piece->size);
  }
}

std::string Chunk(std::string_view payload) { return EncodeEvent("PayloadChunk", "application/octet-stream", payload); }

TEST(EventStreamTest, WrapsABody) {
  const auto body = MakeEventStream("<", std::make_unique<TwoPieces>(std::nullopt), [] { return ">"; });
  EXPECT_EQ(Drain(*body), Chunk("<") + Chunk("a") + Chunk("b") + Chunk(">") +
                              EncodeEvent("InvokeComplete", "application/json", "{}"));
}

TEST(EventStreamTest, AnErrorEndsIt) {
  const auto body = MakeEventStream("", std::make_unique<TwoPieces>(Internal("broken")), [] { return ">"; });
  EXPECT_EQ(Drain(*body), Chunk("a") + Chunk("b") +
                              EncodeEvent("InvokeComplete", "application/json",
                                          R"({"ErrorCode":"Unhandled","ErrorDetails":"broken"})"));
}

}  // namespace
}  // namespace eider
