// Where the runtime API is: the value of AWS_LAMBDA_RUNTIME_API, HOST:PORT and, with some emulators, a path.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace eider {

struct RuntimeAddress {
  std::string host;  // without brackets
  std::string port;
  std::string path;  // "" or "/…", without a slash at its end; stands before every path of the API

  std::string host_header() const;
};

Result<RuntimeAddress> ParseRuntimeAddress(std::string_view text);

}  // namespace eider
