#include "server/connection.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"

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

Awaitable<bool> Connection::Handshake(Milliseconds limit) {
  if (!core_->tls) co_return true;
  if (draining()) co_return false;
  error_code error;
  socket_.native_non_blocking(true, error);
  tls_ = core_->tls->NewSession(socket_.native_handle());
  SetLimit(limit);
  handshaking_ = true;
  TlsSession::Want want = tls_->Accept();
  while (want != TlsSession::Want::kNothing) {
    const bool again = co_await WaitFor(want);
    if (!again) break;
    want = tls_->Accept();
  }
  handshaking_ = false;
  const bool in_time = !limit_expired_;
  ClearLimit();
  if (want == TlsSession::Want::kNothing) co_return true;
  ++core_->stats->tls_failures;
  const std::string why = tls_ && in_time ? tls_->failure() : "it took too long";
  Log(LogLevel::kInfo, "tls_failed", {{"reason", std::string_view(why)}, {"peer", std::string_view(peer_)}});
  if (tls_ && tls_->spoke_http()) co_await SayHttps();
  co_return false;
}

// To a client that speaks HTTP where HTTPS is spoken, in its own language.
Awaitable<void> Connection::SayHttps() {
  static constexpr std::string_view kText =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 45\r\nConnection: close\r\n\r\n"
      "This port speaks HTTPS; ask it with https://.";
  tls_.reset();
  co_await asio::async_write(socket_, asio::buffer(kText.data(), kText.size()), kTuple);
  co_await CloseAfterLinger();
}

Awaitable<bool> Connection::WaitFor(TlsSession::Want want) {
  if (want != TlsSession::Want::kEnd && !limit_expired_ && ending_ == Ending::kNone) {
    const auto [error] =
        co_await socket_.async_wait(want == TlsSession::Want::kRead ? Socket::wait_read : Socket::wait_write, kTuple);
    if (!error && !limit_expired_ && tls_) co_return true;
  }
  if (!limit_expired_ && ending_ == Ending::kNone) ending_ = Ending::kClientLeft;
  co_return false;
}

// In records, each as full as it may be: a head and the piece behind it go together.
Awaitable<bool> Connection::SendTls(const Pieces& pieces) {
  static constexpr std::size_t kRecordBytes = 16 * 1024;  // RFC 8446 section 5.1
  std::string record;
  record.reserve(kRecordBytes);
  for (const asio::const_buffer& piece : pieces) {
    std::string_view rest(static_cast<const char*>(piece.data()), piece.size());
    while (!rest.empty()) {
      const std::size_t taken = std::min(rest.size(), kRecordBytes - record.size());
      record += rest.substr(0, taken);
      rest.remove_prefix(taken);
      if (record.size() < kRecordBytes) break;
      if (!co_await SendRecord(record)) co_return false;
      record.clear();
    }
  }
  if (record.empty()) co_return true;
  co_return co_await SendRecord(record);
}

Awaitable<bool> Connection::SendRecord(const std::string& record) {
  sending_ = true;
  while (true) {
    const TlsSession::Done done = tls_->Write(record);
    if (done.want == TlsSession::Want::kNothing) break;
    const bool again = co_await WaitFor(done.want);
    if (!again) {
      sending_ = false;
      co_return false;
    }
  }
  sending_ = false;
  sent_bytes_ += record.size();
  core_->stats->bytes_sent += record.size();
  co_return true;
}

Awaitable<bool> Connection::WaitForInput(Milliseconds limit) {
  if (draining() && !HasInputNow()) co_return false;
  if (tls_ && tls_->HasPending()) co_return true;
  SetLimit(limit);
  idle_ = true;
  const auto [failed] = co_await socket_.async_wait(Socket::wait_read, kTuple);
  idle_ = false;
  ClearLimit();
  co_return !failed || (tls_ && tls_->HasPending());
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
  while (tls_ && !limit_expired_) {
    const TlsSession::Done done = tls_->Read(out);
    if (done.want == TlsSession::Want::kNothing) co_return done.size;
    if (!co_await WaitFor(done.want)) co_return 0;
  }
  if (limit_expired_) co_return 0;
  const auto buffer = asio::buffer(out.data(), out.size());
  const auto [error, size] = co_await socket_.async_read_some(buffer, kTuple);
  if (error && !limit_expired_ && ending_ == Ending::kNone) ending_ = Ending::kClientLeft;
  co_return error ? 0 : size;
}

Awaitable<bool> Connection::Send(const Pieces& pieces) {
  if (ending_ != Ending::kNone) co_return false;
  if (tls_) co_return co_await SendTls(pieces);
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
    const auto size = ReadNow(scrap);
    if (!size) return;
    if (*size == 0) ending_ = Ending::kClientLeft;
    early_input_ = early_input_ || *size > 0;
    early_input_budget_ -= std::min(*size, early_input_budget_);
  }
}

std::optional<std::size_t> Connection::ReadNow(std::span<char> out) {
  if (tls_) {
    const TlsSession::Done done = tls_->Read(out);
    if (done.want == TlsSession::Want::kRead || done.want == TlsSession::Want::kWrite) return std::nullopt;
    return done.size;
  }
  while (true) {
    const ssize_t size = ::recv(socket_.native_handle(), out.data(), out.size(), MSG_DONTWAIT);
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) return 0;
  }
}

bool Connection::HasInputNow() {
  char byte;
  if (tls_) return tls_->Peek({&byte, 1}).size > 0;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool Connection::HasEarlyInput() {
  early_input_ = early_input_ || HasInputNow();
  return early_input_;
}

void Connection::Abort(Ending ending) {
  if (ending_ == Ending::kNone) ending_ = ending;
  tls_.reset();  // what it would say at a close is that this was all
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

Awaitable<void> Connection::CloseAfterLinger() {
  error_code failed;
  if (tls_) tls_->Close();
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
  if (tls_ && ending_ == Ending::kNone) tls_->Close();
  tls_.reset();
  error_code ignored;
  socket_.close(ignored);
  ClearLimit();
  Wake();
}

void Connection::Drain() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->lingering_ || self->handshaking_) return self->Close();
    if (!self->idle_) return;
    // A request that has arrived and was not yet read is still answered.
    if (!self->HasInputNow()) return self->Close();
    // By looking, TLS has taken the bytes from the socket, which the wait for input would wait for in vain.
    error_code ignored;
    if (self->tls_) self->socket_.cancel(ignored);
  });
}

void Connection::Cut() {
  asio::post(strand_, [self = shared_from_this()] { self->Abort(Ending::kStopped); });
}

}  // namespace eider
