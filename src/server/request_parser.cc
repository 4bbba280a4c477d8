#include "server/request_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <limits>

#include "base/text.h"

namespace eider {
namespace {

namespace http = boost::beast::http;

// No registered method is longer than 17 letters; what has no space by then is not HTTP.
constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::size_t kMaxVersionBytes = 16;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

class RequestParser::Message : public http::request_parser<http::string_body> {};

RequestParser::RequestParser(const Limits& limits) : limits_(limits), message_(std::make_unique<Message>()) {
  message_->header_limit(std::numeric_limits<std::uint32_t>::max());  // limited here, by line and by sum
  message_->body_limit(limits.body_bytes);
}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::Consume(std::string_view input) {
  std::size_t used = 0;
  if (state_ == State::kHead) used = ConsumeHead(input);
  if (state_ == State::kBody && used < input.size()) used += ConsumeBody(input.substr(used));
  return used;
}

// Finds the end of the head line by line, so that each limit and each malformed line is noticed as it arrives.
std::size_t RequestParser::ConsumeHead(std::string_view input) {
  // RFC 9112 section 2.2: empty lines before the request line are ignored.
  std::size_t blank = 0;
  if (line_start_ == 0) {
    while (input.substr(blank).starts_with("\r\n")) blank += 2;
  }
  if (blank > 0) {
    scanned_ = 0;
    input.remove_prefix(blank);
  }
  while (true) {
    const std::size_t end = input.find('\n', scanned_);
    const bool complete = end != std::string_view::npos;
    if (complete && (end == line_start_ || input[end - 1] != '\r')) {
      Refuse(400, "A line ends without CR LF.");
      return blank;
    }
    const std::string_view line = input.substr(line_start_, complete ? end - 1 - line_start_ : std::string_view::npos);
    if (fields_start_ == 0) {
      if (!RequestLineFits(line)) return blank;
    } else if (line_start_ + line.size() - fields_start_ > limits_.header_bytes) {
      Refuse(431, fmt::format("The header is longer than {} bytes.", limits_.header_bytes));
      return blank;
    }
    if (!complete) {
      scanned_ = input.size();
      return blank;
    }
    if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos) {
      Refuse(400, "A line holds a stray CR or NUL.");
      return blank;
    }
    scanned_ = line_start_ = end + 1;
    if (fields_start_ == 0) {
      fields_start_ = line_start_;
    } else if (line.empty()) {
      ParseHead(input.substr(0, line_start_));
      return blank + line_start_;
    } else if (line.front() == ' ' || line.front() == '\t') {
      Refuse(400, "A header line is folded over two lines.");
      return blank;
    }
  }
}

// `line` may still lack its end. Called again with each read, which the limits keep short.
bool RequestParser::RequestLineFits(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (std::any_of(line.begin(), line.end(), IsControl))
    return Refuse(400, "The request line holds control characters.");
  const std::size_t space = line.find(' ');
  if (std::min(space, line.size()) > kMaxMethodBytes) return Refuse(400, "This is not an HTTP request.");
  if (space == std::string_view::npos) return true;
  const std::string_view rest = line.substr(space + 1);
  const std::size_t target = std::min(rest.find(' '), rest.size());
  if (target > limits_.target_bytes) {
    return Refuse(414, fmt::format("Path and query are longer than {} bytes.", limits_.target_bytes));
  }
  if (rest.size() - target > kMaxVersionBytes) return Refuse(400, "The request line is malformed.");
  return true;
}

void RequestParser::ParseHead(std::string_view head) {
  boost::beast::error_code error;
  message_->put(boost::asio::buffer(head.data(), head.size()), error);
  const auto& message = message_->get();
  request_.method = View(message.method_string());
  http_1_0_ = message.version() == 10;
  // The target first: also a refused request is logged with its path.
  const bool target_ok = SplitTarget(View(message.target()));
  if (error == http::error::bad_version) {
    Refuse(505, "Only HTTP/1.0 and HTTP/1.1 are served here.");
    return;
  }
  if (error && error != http::error::body_limit) {
    Refuse(400, fmt::format("The request is malformed: {}.", error.message()));
    return;
  }
  for (const auto& field : message) {
    request_.headers.push_back({std::string(View(field.name_string())), std::string(View(field.value()))});
  }
  if (!FramingIsSound()) return;
  if (error == http::error::body_limit) {
    Refuse(413, fmt::format("The body is longer than {} bytes.", limits_.body_bytes));
    return;
  }
  if (!target_ok) {
    Refuse(400, "The request target must be a path that begins with '/'.");
    return;
  }
  keep_alive_ = message_->keep_alive();
  // RFC 9110 section 10.1.1: an HTTP/1.0 client cannot understand 100, so its Expect is ignored.
  if (const std::string_view expect = request_.Find("Expect"); !expect.empty() && !http_1_0_) {
    if (ToLower(expect) != "100-continue") {
      Refuse(417, "Only 'Expect: 100-continue' is understood.");
      return;
    }
    expects_continue_ = !message_->is_done();
  }
  state_ = message_->is_done() ? State::kDone : State::kBody;
  message_->eager(true);
}

// What two readers of one message could understand in two ways: RFC 9112 sections 3.2, 6.1 and 6.3.
bool RequestParser::FramingIsSound() {
  const auto& message = message_->get();
  const std::size_t hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && !http_1_0_)) return Refuse(400, "Exactly one Host header is needed.");
  if (message.count(http::field::content_length) > 1 ||
      View(message[http::field::content_length]).find(',') != std::string_view::npos) {
    return Refuse(400, "More than one Content-Length.");
  }
  const std::size_t codings = message.count(http::field::transfer_encoding);
  if (codings == 0) return true;
  if (http_1_0_) return Refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
  if (codings > 1) return Refuse(400, "More than one Transfer-Encoding.");
  if (message.count(http::field::content_length) > 0) return Refuse(400, "Both Content-Length and Transfer-Encoding.");
  if (ToLower(View(message[http::field::transfer_encoding])) != "chunked") {
    return Refuse(501, "The only transfer coding understood is 'chunked'.");
  }
  return true;
}

// Origin form, or absolute form (RFC 9112 section 3.2.2 obliges a server to accept it).
bool RequestParser::SplitTarget(std::string_view target) {
  if (const std::string scheme = ToLower(target.substr(0, 8)); scheme.starts_with("http://") || scheme == "https://") {
    target.remove_prefix(target.find("//") + 2);
    const std::size_t authority = std::min(target.find_first_of("/?"), target.size());
    target.remove_prefix(authority);
    if (!target.starts_with('/')) {  // "http://host" and "http://host?q"
      request_.path = "/";
      request_.query = target.starts_with('?') ? target.substr(1) : target;
      return true;
    }
  }
  const std::size_t question = target.find('?');
  request_.path = target.substr(0, question);
  if (question != std::string_view::npos) request_.query = target.substr(question + 1);
  return target.starts_with('/');
}

std::size_t RequestParser::ConsumeBody(std::string_view input) {
  boost::beast::error_code error;
  const std::size_t used = message_->put(boost::asio::buffer(input.data(), input.size()), error);
  if (error == http::error::need_more) {
    // Only chunk headers and trailers wait for more; they count as header.
    if (used == 0 && input.size() > limits_.header_bytes) Refuse(431, "A chunk's header or the trailer is too long.");
    return used;
  }
  if (error == http::error::body_limit) {
    Refuse(413, fmt::format("The body is longer than {} bytes.", limits_.body_bytes));
  } else if (error) {
    Refuse(400, fmt::format("The body is malformed: {}.", error.message()));
  } else if (message_->is_done()) {
    request_.body = std::move(message_->get().body());
    state_ = State::kDone;
  }
  return used;
}

bool RequestParser::Refuse(int status, std::string detail) {
  state_ = State::kRefused;
  refusal_ = {status, std::move(detail)};
  return false;
}

}  // namespace eider
