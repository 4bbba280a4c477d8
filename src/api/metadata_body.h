// JSON around the JSON of another body, with what is known of it at its end: for clients that cannot read trailers.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "api/spool_body.h"
#include "base/clock.h"

namespace eider {

// "requests", "bytes" and the like of a finished result, without braces.
std::string StatsMembers(const SpoolEnd& end, std::chrono::nanoseconds took, bool from_cache);

class MetadataBody final : public Body {
 public:
  // `after` is asked once `body` is at its end.
  MetadataBody(std::string before, std::unique_ptr<Body> body, std::function<std::string()> after);

  Result<Piece> Read(std::span<char> out) override;
  void WhenReadable(std::function<void()> ready) override;
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  std::vector<std::string> trailer_names() const override { return body_->trailer_names(); }
  std::vector<Header> trailers() const override { return body_->trailers(); }

 private:
  const std::unique_ptr<Body> body_;
  const std::function<std::string()> after_;
  std::string around_;  // what of the text around the body was not taken yet
  bool ended_ = false;  // the body is
};

}  // namespace eider
