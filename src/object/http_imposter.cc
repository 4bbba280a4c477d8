#include "object/http_imposter.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/text.h"

namespace eider {
namespace {

// One request from the socket, or nullopt when the client has gone. `pending` keeps what came after it.
std::optional<ImposterRequest> ReadRequest(int socket, std::string& pending) {
  const auto more = [&] {
    char buffer[65536];
    const ssize_t got = recv(socket, buffer, sizeof(buffer), 0);
    if (got > 0) pending.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  };
  while (pending.find("\r\n\r\n") == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  const auto head_end = pending.find("\r\n\r\n");
  ImposterRequest request;
  const std::vector<std::string> lines = Split(pending.substr(0, head_end), '\n');
  const std::vector<std::string> first = Split(lines[0], ' ');
  request.method = first.at(0);
  request.target = first.at(1);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::string line = lines[i];
    if (line.ends_with('\r')) line.pop_back();
    const auto colon = line.find(':');
    request.head.headers.emplace_back(line.substr(0, colon), line.substr(line.find_first_not_of(' ', colon + 1)));
  }
  pending.erase(0, head_end + 4);
  const std::size_t length = ParseUint(request.head.Find("Content-Length")).value_or(0);
  while (pending.size() < length) {
    if (!more()) return std::nullopt;
  }
  request.body = pending.substr(0, length);
  pending.erase(0, length);
  return request;
}

}  // namespace

ImposterReply Answer(int status, const HttpHeaders& headers, const std::string& body, ImposterReply::Then then) {
  std::string bytes = fmt::format("HTTP/1.1 {} Scripted\r\n", status);
  bool has_length = false;
  for (const auto& [name, value] : headers) {
    bytes += name + ": " + value + "\r\n";
    has_length |= name == "Content-Length" || name == "Transfer-Encoding";
  }
  if (!has_length && status != 304) bytes += fmt::format("Content-Length: {}\r\n", body.size());
  return {bytes + "\r\n" + body, then};
}

HttpImposter::HttpImposter() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

HttpImposter::~HttpImposter() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ending_.notify_all();
    shutdown(listener_, SHUT_RDWR);
  }
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

std::string HttpImposter::address() const { return fmt::format("http://127.0.0.1:{}", port_); }

void HttpImposter::Next(ImposterReply reply) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(reply));
}

void HttpImposter::Otherwise(Handler handler) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(handler);
}

std::vector<ImposterRequest> HttpImposter::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpImposter::Accept() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (ended_ || socket < 0) {
      if (socket >= 0) close(socket);
      return;
    }
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { Serve(socket); });
  }
}

void HttpImposter::Serve(int socket) {
  std::string pending;
  while (const auto request = ReadRequest(socket, pending)) {
    const ImposterReply reply = ReplyTo(*request);
    std::size_t sent = 0;
    while (sent < reply.bytes.size()) {
      const ssize_t wrote = send(socket, reply.bytes.data() + sent, reply.bytes.size() - sent, MSG_NOSIGNAL);
      if (wrote <= 0) break;
      sent += static_cast<std::size_t>(wrote);
    }
    if (reply.then == ImposterReply::Then::kStall) WaitForEnd();
    if (reply.then == ImposterReply::Then::kReset) {
      const linger at_once{1, 0};
      setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    if (reply.then != ImposterReply::Then::kKeep || sent < reply.bytes.size()) break;
  }
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, socket);
  close(socket);
}

ImposterReply HttpImposter::ReplyTo(const ImposterRequest& request) {
  Handler otherwise;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (!script_.empty()) {
      ImposterReply reply = std::move(script_.front());
      script_.pop_front();
      return reply;
    }
    otherwise = otherwise_;
  }
  return otherwise ? otherwise(request) : Answer(500, {}, "beyond the script");
}

void HttpImposter::WaitForEnd() {
  std::unique_lock lock(mutex_);
  ending_.wait(lock, [&] { return ended_; });
}

StoreOptions S3OptionsOf(const HttpImposter& imposter) {
  setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "very-secret", 1);
  setenv("AWS_CONFIG_FILE", "/dev/null", 1);
  StoreOptions options;
  options.endpoint = imposter.address();
  options.region = "eu-west-1";
  return options;
}

}  // namespace eider
