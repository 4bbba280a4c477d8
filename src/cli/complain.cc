#include <fmt/format.h>

#include <cstdio>

#include "cli/verbs.h"

namespace eider {

int Complain(const Error& error) {
  fmt::print(stderr, "eider: {}\n", error.message);
  switch (error.kind) {
    case ErrorKind::kInvalid:
    case ErrorKind::kNotFound:
    case ErrorKind::kUnsupported: return 1;
    case ErrorKind::kTimeout:
    case ErrorKind::kExhausted: return 4;
    case ErrorKind::kCancelled: return 130;
    default: return 3;
  }
}

}  // namespace eider
