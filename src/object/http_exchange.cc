#include "object/http_exchange.h"

#include <aws/http/connection.h>
#include <aws/http/connection_manager.h>
#include <aws/http/request_response.h>
#include <aws/io/stream.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "object/aws_runtime.h"
#include "object/request_signer.h"

namespace eider {

std::string_view HttpHead::Find(std::string_view name) const {
  const std::string wanted = ToLower(name);
  for (const auto& [header, value] : headers) {
    if (header.size() == wanted.size() && ToLower(header) == wanted) return value;
  }
  return {};
}

struct HttpExchange::Callbacks {
  static HttpExchange* Self(void* self) { return static_cast<HttpExchange*>(self); }

  static int Headers(aws_http_stream* stream, aws_http_header_block block, const aws_http_header* headers,
                     std::size_t count, void* self) {
    if (block != AWS_HTTP_HEADER_BLOCK_MAIN) return AWS_OP_SUCCESS;
    HttpHead& head = Self(self)->head_;
    aws_http_stream_get_incoming_response_status(stream, &head.status);
    for (std::size_t i = 0; i < count; ++i) {
      head.headers.emplace_back(View(headers[i].name), View(headers[i].value));
    }
    return AWS_OP_SUCCESS;
  }

  static int HeadersDone(aws_http_stream*, aws_http_header_block block, void* self) {
    if (block == AWS_HTTP_HEADER_BLOCK_MAIN) Self(self)->listener_->OnHead(std::move(Self(self)->head_));
    return AWS_OP_SUCCESS;
  }

  static int Body(aws_http_stream*, const aws_byte_cursor* bytes, void* self) {
    Self(self)->listener_->OnBody({reinterpret_cast<const char*>(bytes->ptr), bytes->len});
    return AWS_OP_SUCCESS;
  }
};

std::shared_ptr<HttpExchange> HttpExchange::Start(HttpOrigin& origin, RequestSigner* signer, const HttpRequest& request,
                                                  std::shared_ptr<HttpListener> listener) {
  std::shared_ptr<HttpExchange> exchange(new HttpExchange(origin, signer, request, std::move(listener)));
  exchange->self_ = exchange;
  origin.Began();
  exchange->Sign();
  return exchange;
}

HttpExchange::HttpExchange(HttpOrigin& origin, RequestSigner* signer, const HttpRequest& request,
                           std::shared_ptr<HttpListener> listener)
    : origin_(origin), signer_(signer), listener_(std::move(listener)), body_(request.body) {
  message_ = aws_http_message_new_request(origin.allocator());
  aws_http_message_set_request_method(message_, Cursor(request.method));
  aws_http_message_set_request_path(message_, Cursor(request.target));
  const auto add = [&](std::string_view name, std::string_view value) {
    aws_http_header header{};
    header.name = Cursor(name);
    header.value = Cursor(value);
    aws_http_message_add_header(message_, header);
  };
  add("Host", origin.host_header());
  add("User-Agent", "eider");
  for (const auto& [name, value] : request.headers) add(name, value);
  if (body_) {
    add("Content-Length", std::to_string(body_->size()));
    const aws_byte_cursor bytes = Cursor(*body_);
    body_stream_ = aws_input_stream_new_from_cursor(origin.allocator(), &bytes);
    aws_http_message_set_body_stream(message_, body_stream_);
  }
}

HttpExchange::~HttpExchange() {
  aws_http_message_release(message_);
  aws_input_stream_release(body_stream_);
}

void HttpExchange::Sign() {
  if (signer_ == nullptr) return Connect(0);
  signer_->Sign(message_, body_.get(), [this](int aws_error) { Connect(aws_error); });
}

void HttpExchange::Connect(int aws_error) {
  if (aws_error != 0) return Finish(aws_error);
  {
    const std::lock_guard lock(mutex_);
    aws_error = cancelled_ ? AWS_ERROR_HTTP_STREAM_CANCELLED : 0;
  }
  if (aws_error != 0) return Finish(aws_error);
  aws_http_connection_manager_acquire_connection(origin_.connections(), &HttpExchange::OnConnection, this);
}

void HttpExchange::OnConnection(aws_http_connection* connection, int aws_error, void* self) {
  auto* exchange = static_cast<HttpExchange*>(self);
  if (aws_error == AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE) {
    // The session that was offered may be why, and then the next handshake, which is in full, succeeds.
    const std::uint64_t failed = exchange->origin_.failed_resumptions();
    if (std::exchange(exchange->failed_resumptions_, failed) != failed) return exchange->Connect(0);
  }
  if (aws_error != 0) return exchange->Finish(aws_error);
  exchange->connection_ = connection;
  aws_error = exchange->Send(connection);
  if (aws_error == 0) return;
  aws_http_connection_manager_release_connection(exchange->origin_.connections(), connection);
  exchange->Finish(aws_error);
}

int HttpExchange::Send(aws_http_connection* connection) {
  aws_http_make_request_options options{};
  options.self_size = sizeof(options);
  options.request = message_;
  options.user_data = this;
  options.on_response_headers = &Callbacks::Headers;
  options.on_response_header_block_done = &Callbacks::HeadersDone;
  options.on_response_body = &Callbacks::Body;
  options.on_complete = &HttpExchange::OnComplete;

  // A stream can be cancelled only once it is activated: the lock lets Cancel see either no stream or an active one.
  const std::lock_guard lock(mutex_);
  if (cancelled_) return AWS_ERROR_HTTP_STREAM_CANCELLED;
  listener_->OnSent();
  aws_http_stream* stream = aws_http_connection_make_request(connection, &options);
  if (stream == nullptr) return aws_last_error();
  if (aws_http_stream_activate(stream) != AWS_OP_SUCCESS) {
    const int aws_error = aws_last_error();
    aws_http_stream_release(stream);
    return aws_error;
  }
  stream_ = stream;
  return 0;
}

void HttpExchange::OnComplete(aws_http_stream* stream, int aws_error, void* self) {
  auto* exchange = static_cast<HttpExchange*>(self);
  {
    const std::lock_guard lock(exchange->mutex_);
    exchange->stream_ = nullptr;
  }
  aws_http_stream_release(stream);
  aws_http_connection_manager_release_connection(exchange->origin_.connections(), exchange->connection_);
  exchange->Finish(aws_error);
}

void HttpExchange::Finish(int aws_error) {
  const std::shared_ptr<HttpListener> listener = std::move(listener_);
  const std::shared_ptr<HttpExchange> self = std::move(self_);
  listener->OnDone(aws_error);
  origin_.Ended();  // nothing of the origin may be touched after this
}

void HttpExchange::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (stream_ != nullptr) aws_http_stream_cancel(stream_, AWS_ERROR_HTTP_STREAM_CANCELLED);
}

void HttpExchange::Consumed(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (stream_ != nullptr) aws_http_stream_update_window(stream_, bytes);
}

}  // namespace eider
