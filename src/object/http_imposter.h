// An HTTP server for tests that answers as scripted, truthfully or not, and keeps every request it was sent. It speaks
// plain HTTP/1.1 on a free port of 127.0.0.1, each connection in a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "object/http_message.h"
#include "object/object_store.h"

namespace eider {

struct ImposterRequest {
  std::string method;
  std::string target;
  HttpHead head;  // the headers; no status
  std::string body;

  std::string Header(std::string_view name) const { return std::string(head.Find(name)); }
};

// Bytes for the wire, and what becomes of the connection after them.
struct ImposterReply {
  enum class Then : std::uint8_t { kKeep, kClose, kReset, kStall };
  std::string bytes;
  Then then = Then::kKeep;
};

// A well-formed reply; Content-Length is added unless `headers` have one.
ImposterReply Answer(int status, const HttpHeaders& headers = {}, const std::string& body = {},
                     ImposterReply::Then then = ImposterReply::Then::kKeep);

class HttpImposter {
 public:
  using Handler = std::function<ImposterReply(const ImposterRequest&)>;

  HttpImposter();
  ~HttpImposter();

  std::string address() const;  // "http://127.0.0.1:port"

  // The next request that no earlier script takes is answered so.
  void Next(ImposterReply reply);
  // Requests beyond the script; without it they are answered 500.
  void Otherwise(Handler handler);

  std::vector<ImposterRequest> requests() const;

 private:
  void Accept();
  void Serve(int socket);
  ImposterReply ReplyTo(const ImposterRequest& request);
  void WaitForEnd();

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::deque<ImposterReply> script_;
  Handler otherwise_;
  std::vector<ImposterRequest> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// For an S3 store whose server is the imposter. Sets the credentials that it is asked with in the environment.
StoreOptions S3OptionsOf(const HttpImposter& imposter);

}  // namespace eider
