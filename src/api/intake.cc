#include "api/intake.h"

#include <fmt/format.h>

#include <exception>

namespace eider {
namespace {

Result<Body::Piece> ReadContained(Body& body, std::span<char> out) {
  try {
    return body.Read(out);
  } catch (const std::exception& failure) {
    return Internal(fmt::format("the body threw: {}", failure.what()));
  }
}

}  // namespace

Intake::Intake(Body& body, std::size_t capacity, std::optional<std::uint64_t> length)
    : body_(body), capacity_(capacity), length_(length) {}

Intake::Found Intake::Fill() {
  // One byte more than the capacity, to ask with for the verdict when the buffer is full.
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(capacity_ + 1);
  while (true) {
    const std::size_t room = capacity_ - held_ + (awaits_verdict() ? 1 : 0);
    if (room == 0) return Found::kFull;
    Result<Body::Piece> read = ReadContained(body_, {buffer_.get() + held_, room});
    if (!read) return Fail(read.error());
    if (read->state == Body::State::kPending) return Found::kPending;
    if (read->state == Body::State::kEnd) {
      if (length_ && total_ != *length_) {
        return Fail(Internal(fmt::format("the body ended at {} of {} bytes", total_, *length_)));
      }
      return Found::kEnd;
    }
    held_ += read->size;
    total_ += read->size;
    if (length_ && total_ > *length_) return Fail(Internal(fmt::format("the body exceeds its {} bytes", *length_)));
  }
}

void Intake::ReleaseBuffer() { buffer_.reset(); }

Intake::Found Intake::Fail(Error error) {
  error_ = std::move(error);
  return Found::kError;
}

}  // namespace eider
