#include <fmt/format.h>

#include <cstdio>

#include "cli/verbs.h"

namespace eider {

int ExitCode(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
    case ErrorKind::kNotFound:
    case ErrorKind::kUnsupported: return 1;
    case ErrorKind::kTimeout:
    case ErrorKind::kExhausted: return 4;
    case ErrorKind::kCancelled: return 130;
    default: return 3;
  }
}

int Complain(const Error& error) {
  fmt::print(stderr, "eider: {}\n", error.message);
  return ExitCode(error.kind);
}

}  // namespace eider
