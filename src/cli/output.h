// Where a verb's bytes go: standard output, or "FILE.part" that becomes FILE when it is whole, so that a part is never
// taken for the whole. What is no regular file, a pipe or a device, is written as it is. "FILE.part.etag" holds the
// validator that says which result a part belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace eider {

class Output {
 public:
  // `file`: empty or "-" for standard output.
  explicit Output(std::string file);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool to_stdout() const { return to_stdout_; }

  // Bytes that an interrupted run has left, with their validator; 0 when there is nothing to go on from.
  std::uint64_t Resumable(std::string& etag) const;

  // Writes go on from `offset`. An empty `etag`: what is left of this run is not to be resumed.
  Status Open(std::uint64_t offset, std::string_view etag);
  Status Write(std::string_view bytes);
  Status Finish();

  // Removes the part.
  void Discard();

 private:
  std::string PartName() const { return file_ + ".part"; }

  const std::string file_;
  const bool to_stdout_;
  const bool in_place_;  // no part, and nothing to go on from
  int descriptor_ = -1;
};

}  // namespace eider
