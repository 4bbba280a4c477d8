// Function: answers the events of Lambda with the handlers that answer the server's requests.
//
// Invoke blocks its thread until the invocation has been answered, whatever comes. Several threads may each have one at
// a time. Nothing of an invocation is left behind it but what was meant to be kept: footers, blocks, connections to the
// store, and whole results.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/http.h"
#include "lambda/invocation_answer.h"
#include "lambda/runtime_api.h"

namespace eider {

// How Lambda was told to invoke the function, which no event says.
enum class InvokeMode : std::uint8_t {
  kAuto,      // function URLs stream (RESPONSE_STREAM); of the rest, a direct answer too long to be sent whole does
  kBuffered,  // nothing does
  kStream,    // everything does: also API Gateway's REST APIs, which can be told to
};

std::optional<InvokeMode> ParseInvokeMode(std::string_view text);  // auto, buffered, stream

struct FunctionOptions {
  InvokeMode mode = InvokeMode::kAuto;
  // Lambda's quotas: "6 MB", which its errors give as this number, and 200 MB.
  std::uint64_t buffered_bytes = 6'291'556;
  std::uint64_t streamed_bytes = 200'000'000;
  // Of a stream these come at once, and so many each second behind them ("Bandwidth limits for response streaming").
  std::uint64_t stream_burst_bytes = 6'000'000;
  std::uint64_t stream_bytes_per_second = 2'000'000;
  // A direct invocation needs an API key where requests do. Else Lambda's permissions have let it in: no other door
  // makes an event of its shape.
  bool direct_needs_key = false;
  bool links = false;  // an answer that has no room is written into the results, and a link to it is the answer
  int stop_fd = -1;    // readable: the process is to end, and so is the invocation
};

class Function {
 public:
  // `handler` must outlive the function.
  Function(Handler& handler, const FunctionOptions& options) : handler_(handler), options_(options) {}

  // Leaves a line in the log. False: the function is being stopped.
  bool Invoke(const LambdaInvocation& invocation, InvocationAnswer& answer);

 private:
  Handler& handler_;
  const FunctionOptions options_;
};

}  // namespace eider
