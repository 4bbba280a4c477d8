// What a server's refusal means on the command line.
#pragma once

#include <string_view>

#include "base/result.h"

namespace eider {

// Of a status of 400 or more: the detail of a problem+json (RFC 9457), else the text itself, unless that is a web page,
// else the status.
Error ProblemError(int status, std::string_view text);

}  // namespace eider
