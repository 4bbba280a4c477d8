// Intake: takes bytes out of a Body into one buffer, and holds the body to the length it stated.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "api/body.h"

namespace eider {

class Intake {
 public:
  enum class Found : std::uint8_t {
    kFull,     // held() is to be written before more fits
    kPending,  // the body has no more now; held() may be empty
    kEnd,      // held() is the last
    kError,    // error() says why; held() is worth nothing
  };

  // `body` must outlive this. With a `length` a body that ends elsewhere is an error.
  Intake(Body& body, std::size_t capacity, std::optional<std::uint64_t> length);

  // Reads until one of Found is so. Does not wait; an exception of the body is an error.
  Found Fill();

  std::string_view held() const { return {buffer_.get(), held_}; }
  void Clear() { held_ = 0; }  // held() was written
  void ReleaseBuffer();        // when nothing is held: Fill makes another
  const Error& error() const { return *error_; }

  // All bytes of the stated length are here, and the body has not yet said whether it ended well. The last bytes
  // should not be sent before it has, for after them no failure can be told to the client.
  bool awaits_verdict() const { return length_ && total_ == *length_; }

 private:
  Found Fail(Error error);

  Body& body_;
  const std::size_t capacity_;
  const std::optional<std::uint64_t> length_;
  std::unique_ptr<char[]> buffer_;
  std::size_t held_ = 0;
  std::uint64_t total_ = 0;
  std::optional<Error> error_;
};

}  // namespace eider
