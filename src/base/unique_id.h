// Ids: 128 random bits as 32 hex digits, so that knowing one tells nothing of another. Thread-safe.
#pragma once

#include <string>

namespace eider {

std::string UniqueId();

}  // namespace eider
