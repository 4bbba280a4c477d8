// Bytes of one HTTP/1.x request in, a Request out. Knows no socket; one thread at a time.
//
// Stricter than the parser underneath (Boost.Beast), because a server in front or behind might read the same bytes
// differently and an attacker lives off the difference (request smuggling, RFC 9112 section 11.2): bare LF, folded
// header lines, two framings or two lengths, and unknown transfer codings are refused and never repaired.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/http.h"

namespace eider {

class RequestParser {
 public:
  struct Limits {
    std::size_t header_bytes = 16 * 1024;    // all header lines together; beyond: 431
    std::size_t target_bytes = 8 * 1024;     // path and query; beyond: 414
    std::uint64_t body_bytes = 1024 * 1024;  // beyond: 413
  };
  enum class State : std::uint8_t { kHead, kBody, kDone, kRefused };
  struct Refusal {
    int status = 400;
    std::string detail;
  };

  explicit RequestParser(const Limits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes what it can from the front of `input` and says how many bytes that was. What it did not take must be the
  // front of the next call's input, with more bytes behind; an input that is not taken never grows beyond the limits
  // by more than one read, for then the state is kRefused.
  std::size_t Consume(std::string_view input);

  State state() const { return state_; }
  const Refusal& refusal() const { return refusal_; }  // when kRefused

  // Head from kBody on, body when kDone; when kRefused whatever was understood before, for the log.
  Request& request() { return request_; }

  // From kBody on.
  bool http_1_0() const { return http_1_0_; }
  bool keep_alive() const { return keep_alive_; }              // the client's wish, with its version's default
  bool expects_continue() const { return expects_continue_; }  // waits for "100 Continue" before it sends the body

 private:
  class Message;

  std::size_t ConsumeHead(std::string_view input);
  std::size_t ConsumeBody(std::string_view input);
  bool RequestLineFits(std::string_view line);
  void ParseHead(std::string_view head);
  bool FramingIsSound();
  bool SplitTarget(std::string_view target);
  bool Refuse(int status, std::string detail);  // false, to return with

  const Limits limits_;
  State state_ = State::kHead;
  Refusal refusal_;
  Request request_;
  std::size_t line_start_ = 0;    // of the line that is being scanned, in the input of Consume
  std::size_t scanned_ = 0;       // no LF before this
  std::size_t fields_start_ = 0;  // behind the request line; 0 until that is complete
  bool http_1_0_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  std::unique_ptr<Message> message_;
};

}  // namespace eider
