// InvocationAnswer: where the answer of one invocation goes: Lambda's runtime API, or the terminal of `eider invoke`.
// Exactly one of Respond, Fail, or Begin, Write…, then End or Break. An error of any says that the answer did not
// arrive and that nothing more of it can be sent; but Break may follow a Write that ended in kTimeout.
#pragma once

#include <string_view>

#include "api/function_error.h"
#include "base/result.h"

namespace eider {

class InvocationAnswer {
 public:
  virtual ~InvocationAnswer() = default;

  // The whole payload.
  virtual Status Respond(std::string_view content_type, std::string_view payload) = 0;

  // Instead of a payload.
  virtual Status Fail(const FunctionError& error) = 0;

  // A stream. Each Write is a chunk of its own, of at least one byte.
  virtual Status Begin(std::string_view content_type) = 0;
  virtual Status Write(std::string_view chunk) = 0;
  virtual Status End() = 0;
  virtual Status Break(const FunctionError& error) = 0;  // the client is told that what it has is not all
};

}  // namespace eider
