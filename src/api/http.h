// Request and Response as every transport sees them: HTTP server, Lambda, command line.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/body.h"
#include "api/caller.h"
#include "base/result.h"

namespace eider {

inline constexpr std::uint64_t kAnyRoom = std::numeric_limits<std::uint64_t>::max();

struct Request {
  std::string method = "GET";            // as sent: "GET", "HEAD", …
  std::string path;                      // raw and still percent-encoded, starting with '/'
  std::string query;                     // raw, without '?'
  std::vector<Header> headers;           // names as sent; Find ignores case
  std::string body;                      // at most Server's limit
  std::string peer;                      // address of the client, for limits and the log
  bool authorised = false;               // whoever asks was let in by the transport, and needs no API key
  std::shared_ptr<const Caller> caller;  // set by Service
  std::string id;                        // made by the transport, unique; echoed as Eider-Request-Id
  // What of a body the transport can carry. A longer answer is given as a link where results may be written, before its
  // first byte and as well as its length can be told by then; 0: nothing but a link will do.
  std::uint64_t room_bytes = kAnyRoom;
  std::stop_token client_left;  // requested when nobody waits for the reply any more: work not begun need not begin

  // The first header of that name, or "".
  std::string_view Find(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;  // without Content-Length, Transfer-Encoding, Connection, Date: the transport's
  std::string text;             // the body, when `body` is null
  std::unique_ptr<Body> body;   // a streamed body; its first Read is ready or the end is known
  bool want_trailers = false;   // the client sent TE: trailers and `body` has some
  std::string principal;        // who was answered, for the transport's log; it is not sent

  void Set(std::string name, std::string value);  // replaces
  std::string_view Find(std::string_view name) const;
};

// Called exactly once, on any thread.
using Reply = std::function<void(Response)>;

// What a transport serves. Handle returns at once and replies when the response can begin; a HEAD is answered like
// a GET, and the transport drops the body but states its length when it is known.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Handle(Request request, Reply reply) = 0;
};

// RFC 9457 problem+json for an error: 400, 403, 404, 405, 406, 413, 429, 500, 502, 503, 504 by its kind.
Response Problem(const Error& error, std::string_view request_id);
Response Problem(int status, std::string_view title, std::string_view detail, std::string_view parameter,
                 std::string_view request_id);

// The reason phrase of a status code, e.g. "Not Found".
std::string_view StatusTitle(int status);

}  // namespace eider
