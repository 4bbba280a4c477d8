// A Response as Lambda's front doors want it. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "lambda/http_event.h"

namespace eider {

// What a streamed answer with HTTP metadata is called, how it begins, and what stands between that and the body.
// `empty`: a body could be there and has no byte, which is said (function URLs have kept clients waiting for more:
// aws-lambda-nodejs-runtime-interface-client#95).
inline constexpr std::string_view kStreamedHttp = "application/vnd.awslambda.http-integration-response";
std::string Prelude(const Response& response, bool empty);
inline constexpr std::string_view kPreludeEnd{"\0\0\0\0\0\0\0\0", 8};

// The whole as one JSON object. A body that is text goes as text, anything else as Base64.
std::string Envelope(const Response& response, std::string_view body, HttpDoor door, bool multi_value);

// Bytes of an envelope that this door takes.
std::uint64_t EnvelopeBytes(HttpDoor door);

// Whether a response of this status to this method has a body (RFC 9110 section 6.4.1).
bool HasBody(int status, std::string_view method);

}  // namespace eider
