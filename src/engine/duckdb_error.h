// The door for exceptions: what DuckDB throws becomes an Error, and nothing else leaves engine/.
#pragma once

#include <exception>
#include <string_view>

#include "base/result.h"
#include "duckdb.hpp"

namespace eider {

// `sql`: the message may quote it, because whoever is told wrote it; empty: not.
Error ToError(const duckdb::ErrorData& data, std::string_view sql = {});
Error ToError(const std::exception& exception, std::string_view sql = {});

// Runs `work`, which answers a Result or Status, with exceptions translated.
template <class Work>
auto Guarded(Work&& work, std::string_view sql = {}) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return ToError(exception, sql);
  } catch (...) {
    return Internal("an unknown exception reached the engine's door");
  }
}

}  // namespace eider
