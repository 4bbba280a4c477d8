#include "engine/duckdb_error.h"

#include <new>

#include "base/text.h"
#include "base/text_place.h"

namespace eider {
namespace {

ErrorKind KindOf(duckdb::ExceptionType type) {
  using Type = duckdb::ExceptionType;
  switch (type) {
    case Type::INTERRUPT: return ErrorKind::kCancelled;
    case Type::OUT_OF_MEMORY: return ErrorKind::kExhausted;
    case Type::PERMISSION: return ErrorKind::kInvalid;  // the statement may not: change it
    case Type::IO: return ErrorKind::kUnavailable;
    case Type::INTERNAL:
    case Type::FATAL: return ErrorKind::kInternal;
    default: return ErrorKind::kInvalid;
  }
}

}  // namespace

Error ToError(const duckdb::ErrorData& data, std::string_view sql) {
  Error error{KindOf(data.Type()), data.RawMessage(), {}};
  // DuckDB's own excerpt of the SQL, which knows nothing of what Eider put in.
  if (const auto excerpt = error.message.find("\n\nLINE "); excerpt != std::string::npos) error.message.resize(excerpt);
  const auto place = data.ExtraInfo().find("position");
  if (place != data.ExtraInfo().end() && !sql.empty()) {
    error.message = AtPlace(sql, ParseUint(place->second).value_or(sql.size() + 1), error.message);
    return error;  // it is about the SQL, whatever that holds
  }
  // An error that names an object is about its data: what the request wrongly asks for is found without it.
  constexpr std::string_view kScheme = "lake://";
  for (std::size_t at = 0; (at = error.message.find(kScheme, at)) != std::string::npos;) {
    error.message.erase(at, kScheme.size());
    if (error.kind == ErrorKind::kInvalid || error.kind == ErrorKind::kUnavailable) error.kind = ErrorKind::kCorrupt;
  }
  // A full spill folder is told as out of memory or IO, with advice about settings that are not the client's, or with
  // the file's path: duckdb_temp_storage… or duckdb_temp_block….
  if (error.message.find("max_temp_directory_size") != std::string::npos ||
      error.message.find("duckdb_temp_") != std::string::npos ||
      error.message.find("No space left on device") != std::string::npos) {
    error.kind = ErrorKind::kExhausted;
  }
  if (error.kind == ErrorKind::kExhausted) {
    error.message =
        "the query needs more memory or disk than it may use; ask for fewer rows or columns or without "
        "_sort, or start with more --memory or --spill-bytes";
  }
  return error;
}

Error ToError(const std::exception& exception, std::string_view sql) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {ErrorKind::kExhausted, "out of memory", {}};
  }
  return ToError(duckdb::ErrorData(exception), sql);
}

}  // namespace eider
