// A response's body over one reader's share of a production: a span of the spool, read as it grows.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "api/body.h"
#include "base/digest.h"
#include "engine/production.h"

namespace eider {

// How a body ended, told once: at its end, at its error, or when it is destroyed before either.
struct BodyOutcome {
  enum class Kind : std::uint8_t { kComplete, kError, kLeft };
  Kind kind = Kind::kLeft;
  std::uint64_t bytes = 0;
  SpoolEnd end;               // of the whole result; kComplete only
  std::string digest_sha256;  // raw, of the bytes of this body; only when it was asked for
};

// Eider-Rows and Eider-Reads: what a whole result took.
std::vector<Header> EndHeaders(const SpoolEnd& end);

struct SpoolSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = std::numeric_limits<std::uint64_t>::max();  // not included; beyond the spool's end: to its end
};

class SpoolBody final : public Body {
 public:
  // `digest`: hash the bytes and state rows and digest as trailers.
  SpoolBody(Reader reader, SpoolSpan span, bool digest, std::function<void(const BodyOutcome&)> ended);
  ~SpoolBody() override;

  Result<Piece> Read(std::span<char> out) override;
  void WhenReadable(std::function<void()> ready) override;
  std::optional<std::uint64_t> size() const override;
  std::vector<std::string> trailer_names() const override;
  std::vector<Header> trailers() const override;

 private:
  void End(BodyOutcome::Kind kind);

  Reader reader_;
  const SpoolSpan span_;
  std::uint64_t at_;
  std::optional<Sha256> sha_;
  std::function<void(const BodyOutcome&)> ended_;  // empty once told
  BodyOutcome outcome_;
  std::uint64_t ticket_ = 0;  // of a wait under way, or 0
};

}  // namespace eider
