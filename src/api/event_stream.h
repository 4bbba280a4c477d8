// application/vnd.amazon.eventstream: the framing in which Lambda streams a response (Amazon's "event stream encoding":
// prelude with lengths and its CRC, headers, payload, CRC of all).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/body.h"

namespace eider {

// One event of this type, e.g. "PayloadChunk".
std::string EncodeEvent(std::string_view type, std::string_view content_type, std::string_view payload);

// `before`, the bytes of `body` and what `after` answers at its end, as PayloadChunks and an InvokeComplete; an error
// of the body is the InvokeComplete's, as Lambda tells it.
std::unique_ptr<Body> MakeEventStream(std::string before, std::unique_ptr<Body> body,
                                      std::function<std::string()> after);

}  // namespace eider
