// Body: what a transport drains into a response. It never blocks: a transport asks, and is woken when asking helps.
// One reader at a time; Read and WhenReadable are called by one thread at a time, `ready` may come from any thread.
// Destroying a body before its end says that the reader has left.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace eider {

struct Header {
  std::string name;
  std::string value;
};

class Body {
 public:
  enum class State : std::uint8_t { kBytes, kPending, kEnd };
  struct Piece {
    State state = State::kPending;
    std::size_t size = 0;  // bytes put at the front of `out`; above 0 exactly with kBytes
  };

  virtual ~Body() = default;

  // Takes what is there now, at most out.size() bytes. An error ends the body abnormally: the transport must cut
  // the response so that every client sees it (no terminating chunk, connection closed).
  virtual Result<Piece> Read(std::span<char> out) = 0;

  // Calls `ready` once, when Read would no longer answer kPending; at once if that is so now.
  // A second call replaces the first. `ready` is not called after the body is destroyed.
  virtual void WhenReadable(std::function<void()> ready) = 0;

  // The bytes from the start to the end of this body, once they are known.
  virtual std::optional<std::uint64_t> size() const = 0;

  // The names of what trailers() will hold, known from the start: announced in the header `Trailer`.
  virtual std::vector<std::string> trailer_names() const { return {}; }

  // After kEnd: what to send as trailers, for a client that asked.
  virtual std::vector<Header> trailers() const { return {}; }
};

}  // namespace eider
