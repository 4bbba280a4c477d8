#include "engine/duckdb_error.h"

#include <new>

namespace eider {
namespace {

ErrorKind KindOf(duckdb::ExceptionType type) {
  using Type = duckdb::ExceptionType;
  switch (type) {
    case Type::INTERRUPT: return ErrorKind::kCancelled;
    case Type::OUT_OF_MEMORY: return ErrorKind::kExhausted;
    case Type::PERMISSION: return ErrorKind::kDenied;
    case Type::IO: return ErrorKind::kUnavailable;
    case Type::INTERNAL:
    case Type::FATAL: return ErrorKind::kInternal;
    default: return ErrorKind::kInvalid;
  }
}

}  // namespace

Error ToError(const duckdb::ErrorData& data) {
  Error error{KindOf(data.Type()), data.RawMessage(), {}};
  // DuckDB reports broken Parquet and JSON as invalid input and a full spill folder as out of memory or IO.
  if (error.message.find("max_temp_directory_size") != std::string::npos ||
      error.message.find("No space left on device") != std::string::npos) {
    error.kind = ErrorKind::kExhausted;
  }
  return error;
}

Error ToError(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {ErrorKind::kExhausted, "out of memory", {}};
  }
  return ToError(duckdb::ErrorData(exception));
}

}  // namespace eider
