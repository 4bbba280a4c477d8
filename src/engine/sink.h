// Sink: where a statement's bytes go. One thread at a time; the engine never calls it again after an error.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace eider {

class Sink {
 public:
  virtual ~Sink() = default;

  // Takes the bytes at once; it must not wait for a slow reader, since it runs on a thread that all queries share.
  virtual Status Write(std::span<const char> bytes) = 0;

  // No more bytes will come: what is held back (a compressor's rest) is written now.
  virtual Status Close() = 0;
};

}  // namespace eider
