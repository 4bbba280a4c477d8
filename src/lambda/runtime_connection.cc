#include "lambda/runtime_connection.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace eider {
namespace {

namespace http = boost::beast::http;

// Lambda's headers hold up to 3.5 KB of a client's context, and a Cognito identity.
constexpr std::uint32_t kMaxHeadBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 64 * 1024;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

RuntimeReply ReplyOf(http::response_parser<http::string_body>& parser) {
  RuntimeReply reply;
  reply.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    reply.headers.push_back({std::string(View(field.name_string())), std::string(View(field.value()))});
  }
  reply.body = std::move(parser.get().body());
  return reply;
}

}  // namespace

std::string_view RuntimeReply::Find(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const Header& header) { return ToLower(header.name) == ToLower(name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

RuntimeConnection::RuntimeConnection(RuntimeAddress address) : address_(std::move(address)) {}

Error RuntimeConnection::Broken(std::string_view what, int error) const {
  return {ErrorKind::kUnavailable,
          fmt::format("Lambda's runtime API at {} {}{}{}", address_.host_header(), what, error == 0 ? "" : ": ",
                      error == 0 ? "" : std::strerror(error)),
          {}};
}

Status RuntimeConnection::Wait(short events, const Bounds& bounds) const {
  switch (WaitFor(socket_.get(), events, bounds.stop_fd, bounds.deadline)) {
    case Ready::kReady: return {};
    case Ready::kStopped: return Error{ErrorKind::kCancelled, "the function is being stopped", {}};
    case Ready::kLate: break;
  }
  return Error{
      ErrorKind::kTimeout, fmt::format("Lambda's runtime API at {} did not go on in time", address_.host_header()), {}};
}

Status RuntimeConnection::Connect(const Bounds& bounds) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(address_.host.c_str(), address_.port.c_str(), &hints, &found); failed != 0) {
    return Broken(fmt::format("has no address ({})", ::gai_strerror(failed)), 0);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  int error = 0;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    socket_ = Descriptor(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    error = errno;
    if (!socket_) continue;
    error = ::connect(socket_.get(), at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      if (auto status = Wait(POLLOUT, bounds); !status) return status;
      socklen_t size = sizeof error;
      if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    if (error == 0) {
      const int on = 1;
      ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return {};
    }
  }
  socket_ = Descriptor();
  return Broken("cannot be reached", error);
}

Status RuntimeConnection::Start(std::string_view method, const std::string& path, const std::vector<Header>& headers,
                                const Bounds& bounds) {
  // Between requests nothing comes but the end of the connection.
  if (socket_) {
    pollfd look{socket_.get(), POLLIN, 0};
    if (::poll(&look, 1, 0) != 0) Close();
  }
  if (!socket_) {
    if (auto status = Connect(bounds); !status) return status;
  }
  std::string head = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: eider\r\n", method, address_.path, path,
                                 address_.host_header());
  for (const Header& header : headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  head += "\r\n";
  std::string_view left = head;
  const auto sent = Send(left, bounds);
  return sent ? Status() : Status(sent.error());
}

Result<bool> RuntimeConnection::Send(std::string_view& bytes, const Bounds& bounds, bool heed_reply) {
  if (!socket_) return Broken("has closed the connection", 0);
  while (!bytes.empty()) {
    if (auto status = Wait(heed_reply ? POLLOUT | POLLIN : POLLOUT, bounds); !status) return status.error();
    pollfd look{socket_.get(), POLLIN, 0};
    if (heed_reply && ::poll(&look, 1, 0) > 0 && (look.revents & POLLIN) != 0) return false;
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) {
      const Error broken = Broken("has closed the connection", errno);
      Close();
      return broken;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

Result<RuntimeReply> RuntimeConnection::Receive(const Bounds& bounds) {
  if (!socket_) return Broken("has closed the connection", 0);
  http::response_parser<http::string_body> parser;
  parser.header_limit(kMaxHeadBytes);
  parser.body_limit(kMaxReplyBytes);
  parser.eager(true);
  std::string input;
  boost::beast::error_code failed;
  while (!parser.is_done()) {
    if (auto status = Wait(POLLIN, bounds); !status) {
      Close();
      return status.error();
    }
    const std::size_t before = input.size();
    input.resize(before + kReadBytes);
    const ssize_t received = ::recv(socket_.get(), input.data() + before, kReadBytes, 0);
    input.resize(before + static_cast<std::size_t>(std::max<ssize_t>(received, 0)));
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (received < 0) failed = {errno, boost::system::generic_category()};
    if (received == 0 && !parser.got_some()) failed = http::error::end_of_stream;  // put_eof would take it for a 200
    if (received == 0 && parser.got_some()) parser.put_eof(failed);
    if (received > 0) input.erase(0, parser.put(boost::asio::buffer(input), failed));
    if (failed == http::error::need_more) failed = {};
    if (failed == http::error::body_limit) {
      Close();
      RuntimeReply reply = ReplyOf(parser);
      reply.body_too_large = true;
      return reply;
    }
    if (failed || (received == 0 && !parser.is_done())) {
      Close();
      return Broken(fmt::format("sent no whole reply ({})", failed ? failed.message() : "end of stream"), 0);
    }
  }
  if (!parser.get().keep_alive() || !input.empty()) Close();
  return ReplyOf(parser);
}

Result<RuntimeReply> RuntimeConnection::Ask(std::string_view method, const std::string& path,
                                            const std::vector<Header>& headers, std::string_view body,
                                            const Bounds& bounds) {
  std::vector<Header> all = headers;
  if (method != "GET") all.push_back({"Content-Length", std::to_string(body.size())});
  if (auto status = Start(method, path, all, bounds); !status) {
    Close();
    return status.error();
  }
  const auto sent = Send(body, bounds);
  if (!sent) {
    Close();
    return sent.error();
  }
  auto reply = Receive(bounds);
  if (!*sent) Close();  // the API does not expect another request behind half of one
  return reply;
}

}  // namespace eider
