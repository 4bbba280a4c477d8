// One request and its reply over a pooled connection, asynchronously: signed, sent, and reported to a listener on an
// event loop's thread. Retries, resumes and time limits are the business of those who start exchanges.
#pragma once

#include <memory>
#include <mutex>
#include <span>

#include "object/http_message.h"
#include "object/http_origin.h"

struct aws_http_connection;
struct aws_http_message;
struct aws_http_stream;
struct aws_input_stream;

namespace eider {

class RequestSigner;

// Called on an event loop's thread: never block there. OnDone comes exactly once and last.
class HttpListener {
 public:
  virtual ~HttpListener() = default;
  virtual void OnSent() = 0;  // a connection was found and the request is on its way
  virtual void OnHead(HttpHead head) = 0;
  virtual void OnBody(std::span<const char> bytes) = 0;  // give the window back by HttpExchange::Consumed
  virtual void OnDone(int aws_error) = 0;                // 0: the reply is complete
};

class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  // `signer` may be null. Both it and `origin` must outlive the exchange (the origin's destructor waits for that).
  static std::shared_ptr<HttpExchange> Start(HttpOrigin& origin, RequestSigner* signer, const HttpRequest& request,
                                             std::shared_ptr<HttpListener> listener);
  ~HttpExchange();

  // Ends it soon, with an error, unless it has ended. Closes its connection. From any thread.
  void Cancel();

  // `bytes` of the body were dealt with: as many may follow. From any thread.
  void Consumed(std::size_t bytes);

 private:
  HttpExchange(HttpOrigin& origin, RequestSigner* signer, const HttpRequest& request,
               std::shared_ptr<HttpListener> listener);
  void Sign();
  void Connect(int aws_error);
  int Send(aws_http_connection* connection);
  void Finish(int aws_error);

  static void OnConnection(aws_http_connection* connection, int aws_error, void* self);
  static void OnComplete(aws_http_stream* stream, int aws_error, void* self);
  struct Callbacks;

  HttpOrigin& origin_;
  RequestSigner* const signer_;
  std::shared_ptr<HttpListener> listener_;
  std::shared_ptr<const std::string> body_;
  aws_http_message* message_ = nullptr;
  aws_input_stream* body_stream_ = nullptr;
  aws_http_connection* connection_ = nullptr;
  HttpHead head_;
  std::uint64_t failed_resumptions_ = 0;  // of the origin, those that this exchange has answered by another try

  std::mutex mutex_;  // over what Cancel and Consumed share with the loop
  aws_http_stream* stream_ = nullptr;
  bool cancelled_ = false;
  std::shared_ptr<HttpExchange> self_;  // alive while under way
};

}  // namespace eider
