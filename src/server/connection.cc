#include "server/connection.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace eider {
namespace {

// Bytes that the kernel takes before it can send them (TCP_NOTSENT_LOWAT). Without a bound a socket buffers up to
// 4 MiB (tcp_wmem): 4 GiB of kernel memory for 1,000 slow readers, and a reader whose progress cannot be seen.
// A chunked body of 619 MB over loopback on a busy machine of 2 cores, best of 10 in ms; CPU of the server is 130 ms
// for each of them, copy into the buffer included:
//     buffer      64 KiB  128 KiB  256 KiB
//     64 KiB         185      187      131
//     128 KiB        186      188      346
//     256 KiB        262      260      256
//     no bound       282      328      251
// So the smallest buffer loses nothing (16 KiB does: 800 ms), and 1,000 readers hold 64 MiB.
constexpr int kUnsentBytes = 128 * 1024;

// A peer that vanished without a word is noticed after 60 + 4 * 15 s, also while nothing is being sent.
constexpr int kKeepAliveIdleSeconds = 60;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 4;

constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;

// Lets async_write offer everything at once; its default is 64 KiB a call.
constexpr std::size_t kWholeSequence = 16 * 1024 * 1024;

std::string PeerAddress(const Socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

void SetSocketOptions(Socket& socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const int fd = socket.native_handle();
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdleSeconds, sizeof(int));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveIntervalSeconds, sizeof(int));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &kKeepAliveProbes, sizeof(int));
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof(int));
}

}  // namespace

Connection::Connection(std::shared_ptr<Core> core, Socket socket)
    : core_(std::move(core)),
      strand_(socket.get_executor()),
      socket_(std::move(socket)),
      limit_timer_(strand_),
      wake_timer_(strand_),
      peer_(PeerAddress(socket_)) {
  SetSocketOptions(socket_);
}

Awaitable<bool> Connection::WaitForInput(Milliseconds limit) {
  error_code error;
  if (draining() && socket_.available(error) == 0) co_return false;
  SetLimit(limit);
  idle_ = true;
  const auto [failed] = co_await socket_.async_wait(Socket::wait_read, kTuple);
  idle_ = false;
  ClearLimit();
  co_return !failed;
}

void Connection::SetLimit(Milliseconds limit) {
  limit_expired_ = false;
  limit_timer_.expires_after(limit);
  limit_timer_.async_wait([self = shared_from_this(), generation = ++limit_generation_](error_code error) {
    if (!error && generation == self->limit_generation_) self->OnLimit();
  });
}

void Connection::ClearLimit() {
  ++limit_generation_;
  limit_expired_ = false;
  limit_timer_.cancel();
}

void Connection::OnLimit() {
  limit_expired_ = true;  // for a Read that is not under way at this moment
  error_code ignored;
  socket_.cancel(ignored);
}

Awaitable<std::size_t> Connection::Read(std::span<char> out) {
  if (limit_expired_) co_return 0;
  const auto buffer = asio::buffer(out.data(), out.size());
  const auto [error, size] = co_await socket_.async_read_some(buffer, kTuple);
  if (error && !limit_expired_ && ending_ == Ending::kNone) ending_ = Ending::kClientLeft;
  co_return error ? 0 : size;
}

Awaitable<bool> Connection::Send(const Pieces& pieces) {
  if (ending_ != Ending::kNone) co_return false;
  sending_ = true;
  const std::uint64_t before = sent_bytes_;
  const auto proceed = [this, before](error_code error, std::size_t done) -> std::size_t {
    sent_bytes_ = before + done;
    return error ? 0 : kWholeSequence;
  };
  const auto [error, size] = co_await asio::async_write(socket_, pieces, proceed, kTuple);
  sending_ = false;
  core_->stats->bytes_sent += size;
  if (error && ending_ == Ending::kNone) ending_ = Ending::kClientLeft;
  co_return !error;
}

void Connection::CutWhenStalled(Milliseconds limit) {
  stall_limit_ = limit;
  last_progress_ = std::chrono::steady_clock::now();
  sent_at_last_look_ = sent_bytes_;
  unacknowledged_at_last_look_ = UnacknowledgedBytes();
  limit_expired_ = false;
  ArmProgressTimer();
}

// One look each quarter of the limit, instead of a timer for each write.
void Connection::ArmProgressTimer() {
  limit_timer_.expires_after(std::max(stall_limit_ / 4, Milliseconds(1)));
  limit_timer_.async_wait([self = shared_from_this(), generation = ++limit_generation_](error_code error) {
    if (!error && generation == self->limit_generation_) self->OnProgressTimer();
  });
}

void Connection::OnProgressTimer() {
  const auto now = std::chrono::steady_clock::now();
  const int unacknowledged = UnacknowledgedBytes();
  if (!sending_ || sent_bytes_ != sent_at_last_look_ || unacknowledged < unacknowledged_at_last_look_) {
    last_progress_ = now;
  }
  sent_at_last_look_ = sent_bytes_;
  unacknowledged_at_last_look_ = unacknowledged;
  if (now - last_progress_ >= stall_limit_) return Abort(Ending::kStalled);
  ArmProgressTimer();
}

int Connection::UnacknowledgedBytes() {
  int bytes = 0;
  if (::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) != 0) return 0;
  return bytes;
}

Awaitable<bool> Connection::WaitForWake() {
  if (input_seen_) ExamineInput();
  WatchInput();
  if (!woken_ && ending_ == Ending::kNone) {
    wake_timer_.expires_at(Timer::time_point::max());
    co_await wake_timer_.async_wait(kTuple);
  }
  woken_ = false;
  if (input_seen_) ExamineInput();
  co_return ending_ == Ending::kNone;
}

void Connection::Wake() {
  woken_ = true;
  wake_timer_.cancel();
}

// The posted function holds a weak reference too: one that is posted after the server has drained is never run, and
// would otherwise keep the queue that it lies in alive for ever.
std::function<void()> Connection::Waker() {
  return [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->strand_, [weak] {
      if (const auto woken = weak.lock()) woken->Wake();
    });
  };
}

// The wait stays armed from one WaitForWake to the next. What it sees in between, during a Send or after the
// response, is not examined: by then the client may rightly have sent its next request.
void Connection::WatchInput() {
  if (watching_ || ending_ != Ending::kNone || early_input_budget_ == 0) return;
  watching_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    self->watching_ = false;
    if (error) return;
    self->input_seen_ = true;
    self->Wake();
  });
}

void Connection::ExamineInput() {
  input_seen_ = false;
  std::array<char, 4096> scrap;
  while (ending_ == Ending::kNone && early_input_budget_ > 0) {
    const ssize_t size = ::recv(socket_.native_handle(), scrap.data(), scrap.size(), MSG_DONTWAIT);
    if (size > 0) {
      early_input_ = true;
      early_input_budget_ -= std::min<std::size_t>(size, early_input_budget_);
    } else if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return;
    } else if (size == 0 || errno != EINTR) {
      ending_ = Ending::kClientLeft;
    }
  }
}

bool Connection::HasEarlyInput() {
  if (early_input_) return true;
  char byte;
  early_input_ = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  return early_input_;
}

void Connection::Abort(Ending ending) {
  if (ending_ == Ending::kNone) ending_ = ending;
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

Awaitable<void> Connection::CloseAfterLinger() {
  error_code failed;
  socket_.shutdown(Socket::shutdown_send, failed);
  if (!failed && !draining()) {
    lingering_ = true;
    SetLimit(core_->options.linger_timeout);
    std::array<char, 4096> scrap;
    std::size_t left = kLingerBytes;
    while (left > 0) {
      const std::size_t size = co_await Read(scrap);
      if (size == 0) break;
      left -= std::min(size, left);
    }
  }
  Close();
}

void Connection::Close() {
  error_code ignored;
  socket_.close(ignored);
  ClearLimit();
  Wake();
}

void Connection::Drain() {
  asio::post(strand_, [self = shared_from_this()] {
    error_code error;
    // A request that has arrived and was not yet read is still answered.
    if (self->lingering_ || (self->idle_ && self->socket_.available(error) == 0)) self->Close();
  });
}

void Connection::Cut() {
  asio::post(strand_, [self = shared_from_this()] { self->Abort(Ending::kStopped); });
}

}  // namespace eider
