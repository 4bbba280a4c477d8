// Result<T>: a value, or an Error that says what the caller may do about it.
// Nothing in Eider's own code throws; exceptions of libraries are translated where they enter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace eider {

// What the caller may do. The kind decides the HTTP status, the exit code, and whether a retry helps.
enum class ErrorKind : std::uint8_t {
  kInvalid,      // the request is wrong: change it
  kNotFound,     // no such thing
  kDenied,       // the caller, or Eider itself at the store, may not
  kConflict,     // a precondition failed: the object changed or already exists
  kUnavailable,  // the store or Eider is overloaded or down: retry later
  kTimeout,      // the time limit passed
  kExhausted,    // a limit on memory, disk, rows or bytes was reached
  kCorrupt,      // the data itself is broken
  kUnsupported,  // this store or format cannot do that
  kCancelled,    // the caller left or Eider is stopping
  kInternal,     // a defect of Eider
};

std::string_view ErrorKindName(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;    // names the thing and the remedy; never holds a secret
  std::string parameter;  // the request parameter or configuration key at fault, or empty
};

inline Error Invalid(std::string message, std::string parameter = {}) {
  return {ErrorKind::kInvalid, std::move(message), std::move(parameter)};
}
inline Error NotFound(std::string message) { return {ErrorKind::kNotFound, std::move(message), {}}; }
inline Error Corrupt(std::string message) { return {ErrorKind::kCorrupt, std::move(message), {}}; }
inline Error Internal(std::string message) { return {ErrorKind::kInternal, std::move(message), {}}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Only when ok().
  T& value() & { return std::get<0>(held_); }
  const T& value() const& { return std::get<0>(held_); }
  T&& value() && { return std::get<0>(std::move(held_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when not ok().
  const Error& error() const { return std::get<1>(held_); }

 private:
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace eider
