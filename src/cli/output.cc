#include "cli/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace eider {
namespace {

Error Failed(const char* action, const std::string& what) {
  return {ErrorKind::kExhausted, fmt::format("cannot {} '{}': {}", action, what, std::strerror(errno)), {}};
}

// A pipe, a device: renaming over it would put a file in its place.
bool IsSpecial(const std::string& file) {
  std::error_code none;
  return std::filesystem::is_other(std::filesystem::status(file, none));
}

}  // namespace

Output::Output(std::string file)
    : file_(std::move(file)), to_stdout_(file_.empty() || file_ == "-"), in_place_(to_stdout_ || IsSpecial(file_)) {}

Output::~Output() {
  if (!to_stdout_ && descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t Output::Resumable(std::string& etag) const {
  std::error_code failed;
  const auto size = in_place_ ? 0 : std::filesystem::file_size(PartName(), failed);
  if (in_place_ || failed || size == 0) return 0;
  std::ifstream validator(PartName() + ".etag");
  return std::getline(validator, etag) && !etag.empty() ? size : 0;
}

Status Output::Open(std::uint64_t offset, std::string_view etag) {
  if (to_stdout_) {
    descriptor_ = STDOUT_FILENO;
    return {};
  }
  if (in_place_) {
    descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
    return descriptor_ < 0 ? Status(Failed("open", file_)) : Status();
  }
  descriptor_ = ::open(PartName().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0 || ::ftruncate(descriptor_, static_cast<off_t>(offset)) != 0 ||
      ::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) {
    return Failed("open", PartName());
  }
  std::ofstream validator(PartName() + ".etag", std::ios::trunc);
  validator << etag << '\n';
  return {};
}

Status Output::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("write", to_stdout_ ? "standard output" : file_);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status Output::Finish() {
  if (in_place_) return {};
  if (::fsync(descriptor_) != 0) return Failed("write", PartName());
  if (std::rename(PartName().c_str(), file_.c_str()) != 0) return Failed("rename", PartName());
  std::error_code ignored;
  std::filesystem::remove(PartName() + ".etag", ignored);
  return {};
}

void Output::Discard() {
  if (in_place_) return;
  std::error_code ignored;
  std::filesystem::remove(PartName(), ignored);
  std::filesystem::remove(PartName() + ".etag", ignored);
}

}  // namespace eider
