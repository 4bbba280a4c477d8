#include "engine/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace eider {
namespace {

// The quota is taken in steps, not for each write of 32 KiB.
constexpr std::uint64_t kQuotaStep = 4 << 20;

Result<int> OpenUnlinked(const std::string& folder) {
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {  // a file system without O_TMPFILE
    std::string name = folder + "/spool-XXXXXX";
    file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file >= 0) ::unlink(name.c_str());
  }
  if (file >= 0) return file;
  return Error{
      ErrorKind::kExhausted, fmt::format("cannot make a spool file in '{}': {}", folder, std::strerror(errno)), {}};
}

}  // namespace

bool SpoolQuota::Take(std::uint64_t bytes) {
  std::uint64_t used = used_bytes_;
  do {
    if (bytes > limit_bytes_ || used > limit_bytes_ - bytes) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes));
  return true;
}

Spool::Spool(std::string folder, SpoolQuota& quota, std::function<bool()> make_room)
    : folder_(std::move(folder)), quota_(quota), make_room_(std::move(make_room)) {}

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
  quota_.Return(taken_bytes_);
}

Status Spool::Write(std::span<const char> bytes) {
  // Only this thread changes size_bytes_ and file_, so reading them here needs no lock.
  const std::uint64_t begin = size_bytes_;
  const std::size_t into_head = begin < kHeadBytes ? std::min<std::size_t>(kHeadBytes - begin, bytes.size()) : 0;
  if (into_head < bytes.size()) {
    if (auto status = WriteFile(bytes.subspan(into_head), begin + into_head - kHeadBytes); !status) return status;
  }
  const std::lock_guard lock(mutex_);
  head_.append(bytes.data(), into_head);
  size_bytes_ += bytes.size();
  WakeLocked();
  return {};
}

Status Spool::WriteFile(std::span<const char> bytes, std::uint64_t offset) {
  if (file_ < 0) {
    auto opened = OpenUnlinked(folder_);
    if (!opened) return opened.error();
    const std::lock_guard lock(mutex_);
    file_ = *opened;
  }
  while (offset + bytes.size() > taken_bytes_) {
    const std::uint64_t step = std::max<std::uint64_t>(std::min(kQuotaStep, quota_.limit_bytes() / 8), bytes.size());
    if (quota_.Take(step)) {
      taken_bytes_ += step;
    } else if (!make_room_()) {
      return Error{ErrorKind::kUnavailable,
                   fmt::format("the spool's quota of {} is full of results that are still being read; retry later, or "
                               "start with a larger --spool-bytes",
                               HumanBytes(quota_.limit_bytes())),
                   {}};
    }
  }
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return Error{
          ErrorKind::kExhausted, fmt::format("write to the spool in '{}': {}", folder_, std::strerror(errno)), {}};
    offset += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

void Spool::Finish(SpoolEnd end) {
  const std::lock_guard lock(mutex_);
  end_ = end;
  WakeLocked();
}

void Spool::Fail(Error error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  WakeLocked();
}

Result<std::size_t> Spool::Read(std::uint64_t offset, std::span<char> out) const {
  std::uint64_t size = 0;
  int file = -1;
  {
    const std::lock_guard lock(mutex_);
    size = size_bytes_;
    file = file_;
    if (offset < head_.size()) {
      const std::size_t n = std::min(out.size(), head_.size() - static_cast<std::size_t>(offset));
      std::memcpy(out.data(), head_.data() + offset, n);
      return n;
    }
  }
  if (offset >= size) return std::size_t{0};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size - offset));
  for (;;) {
    const ssize_t n = ::pread(file, out.data(), wanted, static_cast<off_t>(offset - kHeadBytes));
    if (n > 0) return static_cast<std::size_t>(n);
    if (n < 0 && errno == EINTR) continue;
    return Internal(fmt::format("read of the spool: {}", n == 0 ? "end of file" : std::strerror(errno)));
  }
}

Spool::State Spool::state() const {
  const std::lock_guard lock(mutex_);
  return {size_bytes_, end_, error_};
}

std::uint64_t Spool::Wait(std::uint64_t offset, std::function<void()> ready) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  if (offset < size_bytes_ || Ended()) {
    ready();
    return ticket;
  }
  const std::uint64_t gathered = offset < kHeadBytes ? 1 : kWakeBytes;
  waiters_.emplace(ticket, Waiter{offset + std::min(gathered, kUntilEnd - offset), std::move(ready)});
  return ticket;
}

void Spool::Forget(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  waiters_.erase(ticket);
}

// Under the lock, so that Forget can promise; a `ready` must only post to its own thread.
void Spool::WakeLocked() {
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    if (size_bytes_ >= it->second.wake_at || Ended()) {
      const auto ready = std::move(it->second.ready);
      it = waiters_.erase(it);
      ready();
    } else {
      ++it;
    }
  }
}

}  // namespace eider
