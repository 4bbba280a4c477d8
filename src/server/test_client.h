// For the tests: an HTTP client that is as rude as a test wants, on a blocking socket, over TLS when TestsUseTls. Every
// wait has a limit that only a defect reaches.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/scripted_body.h"
#include "server/test_certificate.h"

struct ssl_st;

namespace eider {

class TestClient {
 public:
  enum class End : std::uint8_t { kNone, kClosed, kReset, kPatience };
  struct Reply {
    bool complete = false;  // its framing says so
    int status = 0;
    std::vector<Header> headers;
    std::string body;
    std::vector<Header> trailers;
    End end = End::kNone;  // of the connection, when it came before the response was complete

    std::string_view Find(std::string_view name) const;
    std::string_view FindTrailer(std::string_view name) const;
  };

  // A small `receive_buffer` makes the server feel at once that this client does not read.
  explicit TestClient(std::uint16_t port, int receive_buffer = 0, bool tls = TestsUseTls());
  ~TestClient();
  TestClient(TestClient&& other) noexcept;
  TestClient(const TestClient&) = delete;

  std::string PeerName() const;  // of the server's certificate
  bool Send(std::string_view bytes);
  void Get(std::string_view target, std::string_view more_headers = {});

  // `no_body` for the answer to a HEAD.
  Reply ReadReply(bool no_body = false);
  // Up to `limit` bytes that come next, fewer only at the end.
  std::string ReadSome(std::size_t limit);
  // Everything up to the end of the connection, with what was not yet consumed; says how it ended.
  End ReadToEnd(std::string& out);

  void HalfClose();
  void Leave();  // an ordinary close
  void LeaveWithReset();

 private:
  bool Fill();  // one more read into buffer_; false at the end
  bool FillUntil(std::string_view mark);
  bool FillTo(std::size_t size);
  std::string Take(std::size_t size);
  void ReadChunks(Reply& reply);

  int ReadOnce(char* out, int size);

  int fd_ = -1;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_{nullptr, nullptr};
  std::string buffer_;
  End end_ = End::kNone;
};

}  // namespace eider
