// Content codings as sinks: gzip, zstd and br, written while the result streams.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "engine/sink.h"

namespace eider {

enum class Coding : std::uint8_t { kIdentity, kGzip, kZstd, kBrotli };

// "gzip", "zstd", "br"; "identity".
const char* CodingName(Coding coding);

// A sink that compresses into `target`, which must outlive it. The first bytes are flushed at once, so that a reader
// sees the beginning early; the rest as the coder's blocks fill. Equal input gives equal output however it is cut into
// writes, but for where the first write ends. Null for kIdentity.
std::unique_ptr<Sink> MakeCompressor(Coding coding, Sink& target);

}  // namespace eider
