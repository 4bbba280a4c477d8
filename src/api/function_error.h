// What a Lambda function says of an invocation that failed: {"errorMessage", "errorType"}, as the runtimes of AWS do.
#pragma once

#include <string>

#include "base/result.h"

namespace eider {

struct FunctionError {
  std::string type;  // "InvalidQuery", "Timeout", …
  std::string message;
};

FunctionError FunctionErrorOf(const Error& error);

std::string ToJson(const FunctionError& error);

}  // namespace eider
