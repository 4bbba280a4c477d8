// Caller: who asks, and what they may. Made by Access for each request; immutable.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "catalog/client_limits.h"

namespace eider {

struct Caller {
  std::string name;                                  // of the key's holder, for the log; empty: none
  std::string key_id;                                // empty: no key
  bool with_key = false;                             // may read what is for holders of a key
  bool limited = true;                               // false: the operator's own process
  std::optional<std::vector<std::string>> datasets;  // the only ones that it may read; nullopt: all
  ClientLimits limits;

  bool MayRead(const std::string& dataset) const {
    return !datasets || std::find(datasets->begin(), datasets->end(), dataset) != datasets->end();
  }
};

}  // namespace eider
