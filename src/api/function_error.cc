#include "api/function_error.h"

#include <fmt/format.h>

#include "base/log.h"

namespace eider {
namespace {

std::string_view ErrorType(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
    case ErrorKind::kUnsupported: return "InvalidQuery";
    case ErrorKind::kNotFound: return "NotFound";
    case ErrorKind::kTimeout: return "Timeout";
    case ErrorKind::kExhausted: return "LimitReached";
    case ErrorKind::kUnavailable:
    case ErrorKind::kConflict: return "Unavailable";
    case ErrorKind::kCancelled: return "Cancelled";
    case ErrorKind::kInternal: return "InternalError";
    default: return "LakeError";
  }
}

}  // namespace

FunctionError FunctionErrorOf(const Error& error) { return {std::string(ErrorType(error.kind)), error.message}; }

std::string ToJson(const FunctionError& error) {
  return fmt::format(R"({{"errorMessage":{},"errorType":{}}})", JsonQuote(error.message), JsonQuote(error.type));
}

}  // namespace eider
