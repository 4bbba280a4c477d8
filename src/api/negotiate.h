// What a client's headers ask for: content coding, byte range, validators.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/compress.h"
#include "engine/database.h"

namespace eider {

inline constexpr std::array kCodings = {Coding::kIdentity, Coding::kGzip, Coding::kZstd, Coding::kBrotli};

// The coding to use for Accept-Encoding: of what is offered the one of the highest q, ties as zstd, br, gzip. Identity
// when nothing else is accepted.
Coding ChooseCoding(std::string_view accept_encoding, std::span<const Coding> offered = kCodings);

// The same for a format: none for what is compressed inside.
Coding CodingFor(Format format, std::string_view accept_encoding);

// One range of "bytes=…"; several ranges, other units and broken syntax are nullopt and the whole is sent (RFC 9110
// allows a server to ignore Range).
struct RangeRequest {
  std::optional<std::uint64_t> first;  // nullopt: the last `last` bytes
  std::optional<std::uint64_t> last;   // included; nullopt: to the end
};
std::optional<RangeRequest> ParseRange(std::string_view header);

// The span [first, second) within a body of `size` bytes; nullopt: not satisfiable (416).
std::optional<std::pair<std::uint64_t, std::uint64_t>> Resolve(const RangeRequest& range, std::uint64_t size);

// If-None-Match: a list of ETags or "*", compared weakly.
bool MatchesAny(std::string_view header, std::string_view etag);

// Whether a comma-separated header holds this token, case ignored ("TE: trailers, deflate").
bool HasToken(std::string_view header, std::string_view token);

}  // namespace eider
