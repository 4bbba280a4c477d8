// The door for exceptions: what DuckDB throws becomes an Error, and nothing else leaves engine/.
#pragma once

#include <exception>

#include "base/result.h"
#include "duckdb.hpp"

namespace eider {

Error ToError(const duckdb::ErrorData& data);
Error ToError(const std::exception& exception);

// Runs `work`, which answers a Result or Status, with exceptions translated.
template <class Work>
auto Guarded(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return ToError(exception);
  } catch (...) {
    return Internal("an unknown exception reached the engine's door");
  }
}

}  // namespace eider
