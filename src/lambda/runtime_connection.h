// RuntimeConnection: HTTP/1.1 to Lambda's runtime API, in the clear on the same machine, one request at a time. A
// connection is kept for the next request where the API keeps it. Blocking, within bounds; one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/body.h"
#include "lambda/runtime_address.h"
#include "lambda/wakeup.h"

namespace eider {

struct RuntimeReply {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
  bool body_too_large = false;  // beyond kMaxReplyBytes: `body` is worth nothing

  std::string_view Find(std::string_view name) const;
};

class RuntimeConnection {
 public:
  // Lambda sends events of up to 6 MB; an emulator may send more.
  static constexpr std::size_t kMaxReplyBytes = 16 << 20;

  // What ends a wait: kTimeout, or kCancelled when `stop_fd` can be read.
  struct Bounds {
    SteadyTime deadline = SteadyTime::max();
    int stop_fd = -1;
  };

  explicit RuntimeConnection(RuntimeAddress address);

  // A whole request and its reply, of any status. Over a connection that the API has closed meanwhile it begins anew.
  Result<RuntimeReply> Ask(std::string_view method, const std::string& path, const std::vector<Header>& headers,
                           std::string_view body, const Bounds& bounds);

  // The same in pieces: head, body as it is framed, reply. Start connects. Send leaves in `bytes` what was not sent:
  // all is, unless it fails, or answers false, for the API has replied before the end, if that is heeded; Receive has
  // its reply.
  Status Start(std::string_view method, const std::string& path, const std::vector<Header>& headers,
               const Bounds& bounds);
  Result<bool> Send(std::string_view& bytes, const Bounds& bounds, bool heed_reply = true);
  Result<RuntimeReply> Receive(const Bounds& bounds);

  // So that the API takes what it got for cut, unless the request had ended.
  void Close() { socket_ = Descriptor(); }

  const RuntimeAddress& address() const { return address_; }

 private:
  Status Connect(const Bounds& bounds);
  Status Wait(short events, const Bounds& bounds) const;
  Error Broken(std::string_view what, int error) const;

  const RuntimeAddress address_;
  Descriptor socket_;
};

}  // namespace eider
