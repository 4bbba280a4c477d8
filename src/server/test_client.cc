#include "server/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"

namespace eider {
namespace {

std::vector<Header> ParseFields(std::string_view text) {
  std::vector<Header> fields;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find("\r\n"));
    const std::size_t colon = line.find(':');
    fields.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
    text.remove_prefix(line.size() + 2);
  }
  return fields;
}

std::string_view FindField(const std::vector<Header>& fields, std::string_view name) {
  for (const Header& field : fields) {
    if (ToLower(field.name) == ToLower(name)) return field.value;
  }
  return {};
}

}  // namespace

std::string_view TestClient::Reply::Find(std::string_view name) const { return FindField(headers, name); }
std::string_view TestClient::Reply::FindTrailer(std::string_view name) const { return FindField(trailers, name); }

TestClient::TestClient(std::uint16_t port, int receive_buffer, bool tls)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kTestPatience.count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) end_ = End::kClosed;
  if (!tls || end_ != End::kNone) return;
  static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());  // it trusts whoever is there
  ssl_ = {SSL_new(context), SSL_free};
  SSL_set_fd(ssl_.get(), fd_);
  if (SSL_connect(ssl_.get()) != 1) end_ = End::kReset;
}

std::string TestClient::PeerName() const {
  char name[100] = {};
  const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl_.get()), X509_free);
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
  return name;
}

TestClient::~TestClient() { Leave(); }

TestClient::TestClient(TestClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::move(other.ssl_)),
      buffer_(std::move(other.buffer_)),
      end_(other.end_) {}

bool TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                              : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void TestClient::Get(std::string_view target, std::string_view more_headers) {
  Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_headers) + "\r\n");
}

bool TestClient::Fill() {
  if (end_ != End::kNone) return false;
  char piece[16384];
  const int size = ReadOnce(piece, sizeof piece);
  if (size > 0) {
    buffer_.append(piece, static_cast<std::size_t>(size));
    return true;
  }
  if (size == 0) {
    end_ = End::kClosed;
  } else {
    end_ = errno == ECONNRESET ? End::kReset : End::kPatience;
  }
  return false;
}

// As recv(2): with TLS, an end that was not announced is a reset, for the bytes before it may not be all.
int TestClient::ReadOnce(char* out, int size) {
  if (!ssl_) return static_cast<int>(::recv(fd_, out, static_cast<std::size_t>(size), 0));
  errno = 0;
  const int read = SSL_read(ssl_.get(), out, size);
  if (read > 0) return read;
  const int error = SSL_get_error(ssl_.get(), read);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  if (error == SSL_ERROR_SSL) errno = ECONNRESET;
  return -1;
}

bool TestClient::FillUntil(std::string_view mark) {
  while (buffer_.find(mark) == std::string::npos) {
    if (!Fill()) return false;
  }
  return true;
}

bool TestClient::FillTo(std::size_t size) {
  while (buffer_.size() < size) {
    if (!Fill()) return false;
  }
  return true;
}

std::string TestClient::Take(std::size_t size) {
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

std::string TestClient::ReadSome(std::size_t limit) {
  FillTo(limit);
  return Take(limit);
}

TestClient::Reply TestClient::ReadReply(bool no_body) {
  Reply reply;
  if (!FillUntil("\r\n\r\n")) {
    reply.end = end_;
    return reply;
  }
  const std::string head = Take(buffer_.find("\r\n\r\n") + 2);
  Take(2);
  reply.status = std::atoi(head.substr(9, 3).c_str());
  reply.headers = ParseFields(std::string_view(head).substr(head.find("\r\n") + 2));
  if (no_body || reply.status == 304 || reply.status == 204 || reply.status == 100) {
    reply.complete = true;
  } else if (reply.Find("Transfer-Encoding") == "chunked") {
    ReadChunks(reply);
  } else if (const auto length = ParseUint(reply.Find("Content-Length"))) {
    reply.complete = FillTo(*length);
    reply.body = Take(*length);
  } else {
    while (Fill()) {
    }
    reply.body = Take(buffer_.size());
    reply.complete = end_ == End::kClosed;
  }
  if (!reply.complete) reply.end = end_;
  return reply;
}

void TestClient::ReadChunks(Reply& reply) {
  while (FillUntil("\r\n")) {
    const std::size_t line = buffer_.find("\r\n");
    const std::size_t size = std::strtoull(Take(line).c_str(), nullptr, 16);
    if (size == 0) {
      if (!FillUntil("\r\n\r\n")) return;
      const std::string trailers = Take(buffer_.find("\r\n\r\n") + 2);
      Take(2);
      reply.trailers = ParseFields(std::string_view(trailers).substr(2));
      reply.complete = true;
      return;
    }
    Take(2);
    const bool whole = FillTo(size + 2);
    reply.body += Take(whole ? size : buffer_.size());
    if (!whole) return;
    Take(2);
  }
}

TestClient::End TestClient::ReadToEnd(std::string& out) {
  while (Fill()) {
  }
  out = Take(buffer_.size());
  return end_;
}

void TestClient::HalfClose() { ::shutdown(fd_, SHUT_WR); }

void TestClient::Leave() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void TestClient::LeaveWithReset() {
  const linger reset{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  Leave();
}

}  // namespace eider
