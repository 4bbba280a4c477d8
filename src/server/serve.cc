#include "server/serve.h"

#include <exception>
#include <stop_token>

#include "api/reply_slot.h"
#include "base/log.h"
#include "base/unique_id.h"
#include "server/connection.h"
#include "server/request_parser.h"
#include "server/send_response.h"

namespace eider {
namespace {

constexpr std::size_t kReadBytes = 4096;

// What the log says of one request.
struct Account {
  std::string id = UniqueId();  // it also opens the receipt of a download
  std::string method;
  std::string path;
  std::string principal;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

void Record(Connection& connection, const Account& account, const Sent& sent) {
  ServerStats& stats = *connection.core().stats;
  if (sent.status >= 100 && sent.status < 600) ++stats.responses[sent.status / 100];
  if (sent.outcome == Outcome::kCut) ++stats.cut;
  if (sent.outcome == Outcome::kClientLeft) ++stats.clients_left;
  if (sent.outcome == Outcome::kError) ++stats.errors;
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - account.start;
  Log(LogLevel::kInfo, "request",
      {{"id", std::string_view(account.id)},
       {"method", std::string_view(account.method)},
       {"path", std::string_view(account.path)},
       {"status", std::int64_t{sent.status}},
       {"bytes", static_cast<std::int64_t>(sent.body_bytes)},
       {"ms", spent.count()},
       {"outcome", OutcomeName(sent.outcome)},
       {"principal", std::string_view(account.principal)},
       {"peer", std::string_view(connection.peer())}});
}

RequestParser::Limits ParserLimits(const ServerOptions& options) {
  return {options.max_header_bytes, options.max_target_bytes, options.max_body_bytes};
}

// Reads one request; false when none came. A time-out counts as one, which is answered with 408.
Awaitable<bool> ReadRequest(Connection& connection, RequestParser& parser, bool& timed_out) {
  const ServerOptions& options = connection.core().options;
  connection.SetLimit(options.header_timeout);
  std::string input;
  bool in_body = false;
  while (true) {
    const std::size_t before = input.size();
    input.resize(before + kReadBytes);
    const std::size_t size = co_await connection.Read({input.data() + before, kReadBytes});
    input.resize(before + size);
    if (size == 0) {
      timed_out = connection.limit_expired();
      connection.ClearLimit();
      co_return timed_out;
    }
    input.erase(0, parser.Consume(input));
    if (parser.state() == RequestParser::State::kDone || parser.state() == RequestParser::State::kRefused) break;
    if (parser.state() == RequestParser::State::kBody && !in_body) {
      in_body = true;
      connection.SetLimit(options.body_timeout);
      // RFC 9110 section 10.1.1: may be left out when the body is already on its way.
      if (parser.expects_continue() && input.empty()) {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        const Connection::Pieces pieces = {asio::buffer(kContinue.data(), kContinue.size())};
        if (!co_await connection.Send(pieces)) co_return false;
      }
    }
  }
  connection.ClearLimit();
  if (input.find_first_not_of("\r\n") != std::string::npos) connection.NoteEarlyInput();
  co_return true;
}

Awaitable<void> Refuse(Connection& connection, Account& account, int status, const std::string& detail) {
  Response response = Problem(status, StatusTitle(status), detail, {}, account.id);
  const Client client{.keep_alive = false};
  const Sent sent = co_await SendResponse(connection, response, client, account.id);
  Record(connection, account, sent);
  co_await connection.CloseAfterLinger();
}

// Starts the handler and waits for its reply; nullopt when the client did not.
Awaitable<std::optional<Response>> AskHandler(Connection& connection, Request& request, const Account& account) {
  const auto slot = std::make_shared<ReplySlot>(connection.Waker());
  std::stop_source left;
  request.client_left = left.get_token();
  try {
    connection.core().handler.Handle(std::move(request), ReplySlot::MakeReply(slot, account.id));
  } catch (const std::exception& failure) {
    Log(LogLevel::kError, "handler_threw", {{"id", std::string_view(account.id)}, {"what", failure.what()}});
  }
  while (true) {
    std::optional<Response> response = slot->Take();
    if (response) co_return response;
    if (!co_await connection.WaitForWake()) break;
  }
  left.request_stop();
  slot->Abandon();
  co_return std::nullopt;
}

// Answers one request that was read; false when the connection is finished.
Awaitable<bool> Answer(Connection& connection, RequestParser& parser, Account& account) {
  Client client;
  client.http_1_0 = parser.http_1_0();
  client.keep_alive = parser.keep_alive();
  client.is_head = parser.request().method == "HEAD";
  parser.request().id = account.id;
  parser.request().peer = connection.peer();
  std::optional<Response> response = co_await AskHandler(connection, parser.request(), account);
  Sent sent;
  if (response) {
    account.principal = response->principal;
    sent = co_await SendResponse(connection, *response, client, account.id);
  } else {
    sent.outcome = connection.ending() == Connection::Ending::kClientLeft ? Outcome::kClientLeft : Outcome::kCut;
  }
  Record(connection, account, sent);
  if (sent.keep_alive) co_return true;
  if (sent.outcome == Outcome::kComplete && connection.HasEarlyInput()) co_await connection.CloseAfterLinger();
  co_return false;
}

// One request and its answer; false when the connection is finished.
Awaitable<bool> ServeOne(Connection& connection) {
  RequestParser parser(ParserLimits(connection.core().options));
  Account account;
  bool timed_out = false;
  if (!co_await ReadRequest(connection, parser, timed_out)) co_return false;
  account.method = parser.request().method;
  account.path = parser.request().path;
  if (timed_out) {
    co_await Refuse(connection, account, 408, "The request did not arrive in time.");
  } else if (parser.state() == RequestParser::State::kRefused) {
    co_await Refuse(connection, account, parser.refusal().status, parser.refusal().detail);
  } else {
    co_return co_await Answer(connection, parser, account);
  }
  co_return false;
}

}  // namespace

Awaitable<void> Serve(std::shared_ptr<Connection> connection) {
  const ServerOptions& options = connection->core().options;
  if (!co_await connection->Handshake(options.handshake_timeout)) co_return connection->Close();
  std::chrono::milliseconds patience = options.header_timeout;  // a new connection brings its request with it
  while (co_await connection->WaitForInput(patience)) {
    if (!co_await ServeOne(*connection)) break;
    patience = options.idle_timeout;
  }
  connection->Close();
}

Awaitable<void> TurnAway(std::shared_ptr<Connection> connection) {
  if (!co_await connection->Handshake(connection->core().options.handshake_timeout)) co_return connection->Close();
  const std::string id = UniqueId();
  Response response = Problem(503, StatusTitle(503), "Too many connections.", {}, id);
  response.Set("Retry-After", "5");
  const Client client{.keep_alive = false};
  const Sent sent = co_await SendResponse(*connection, response, client, id);
  ++connection->core().stats->responses[5];
  if (sent.outcome == Outcome::kComplete) co_await connection->CloseAfterLinger();
  connection->Close();
}

}  // namespace eider
