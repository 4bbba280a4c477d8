// Names for requests: 128 random bits as 32 hex digits, so that knowing one tells nothing of another (the id also
// opens the receipt of a download). Thread-safe.
#pragma once

#include <string>

namespace eider {

std::string NewRequestId();

}  // namespace eider
