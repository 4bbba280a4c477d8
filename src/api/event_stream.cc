#include "api/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/crc.hpp>

#include "base/log.h"

namespace eider {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr char kTextHeader = 7;  // a header's value is a string

void PutNumber(std::string& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
}

std::uint32_t Crc(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

void PutHeader(std::string& out, std::string_view name, std::string_view value) {
  out += static_cast<char>(name.size());
  out += name;
  out += kTextHeader;
  out += static_cast<char>(value.size() >> 8 & 0xFF);
  out += static_cast<char>(value.size() & 0xFF);
  out += value;
}

class EventStream final : public Body {
 public:
  EventStream(const std::string& before, std::unique_ptr<Body> body, std::function<std::string()> after)
      : body_(std::move(body)), after_(std::move(after)), chunk_(kChunkBytes, '\0') {
    if (!before.empty()) encoded_ = Chunk(before);
  }

  Result<Piece> Read(std::span<char> out) override {
    if (taken_ == encoded_.size()) {
      if (ended_) return Piece{State::kEnd, 0};
      if (!Refill()) return Piece{State::kPending, 0};
    }
    const std::size_t size = std::min(out.size(), encoded_.size() - taken_);
    std::copy_n(encoded_.begin() + static_cast<std::ptrdiff_t>(taken_), size, out.begin());
    taken_ += size;
    return Piece{State::kBytes, size};
  }

  void WhenReadable(std::function<void()> ready) override {
    if (taken_ < encoded_.size() || ended_) return ready();
    body_->WhenReadable(std::move(ready));
  }

  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  static std::string Chunk(std::string_view payload) {
    return EncodeEvent("PayloadChunk", "application/octet-stream", payload);
  }

  bool Refill() {
    const auto piece = body_->Read(chunk_);
    if (piece && piece->state == State::kPending) return false;
    taken_ = 0;
    if (piece && piece->state == State::kBytes) {
      encoded_ = Chunk(std::string_view(chunk_).substr(0, piece->size));
      return true;
    }
    ended_ = true;
    if (piece) {
      encoded_ = Chunk(after_()) + EncodeEvent("InvokeComplete", "application/json", "{}");
    } else {
      encoded_ = EncodeEvent(
          "InvokeComplete", "application/json",
          fmt::format(R"({{"ErrorCode":"Unhandled","ErrorDetails":{}}})", JsonQuote(piece.error().message)));
    }
    return true;
  }

  std::unique_ptr<Body> body_;
  std::function<std::string()> after_;
  std::string chunk_;
  std::string encoded_;
  std::size_t taken_ = 0;  // of encoded_
  bool ended_ = false;
};

}  // namespace

std::string EncodeEvent(std::string_view type, std::string_view content_type, std::string_view payload) {
  std::string headers;
  PutHeader(headers, ":event-type", type);
  PutHeader(headers, ":content-type", content_type);
  PutHeader(headers, ":message-type", "event");
  std::string event;
  PutNumber(event, static_cast<std::uint32_t>(4 * 4 + headers.size() + payload.size()));
  PutNumber(event, static_cast<std::uint32_t>(headers.size()));
  PutNumber(event, Crc(event));
  event += headers;
  event += payload;
  PutNumber(event, Crc(event));
  return event;
}

std::unique_ptr<Body> MakeEventStream(std::string before, std::unique_ptr<Body> body,
                                      std::function<std::string()> after) {
  return std::make_unique<EventStream>(before, std::move(body), std::move(after));
}

}  // namespace eider
