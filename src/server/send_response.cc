#include "server/send_response.h"

#include <fmt/format.h>

#include "api/intake.h"
#include "base/log.h"
#include "server/connection.h"

namespace eider {
namespace {

Outcome OutcomeOf(const Connection& connection) {
  switch (connection.ending()) {
    case Connection::Ending::kNone: return Outcome::kComplete;
    case Connection::Ending::kClientLeft: return Outcome::kClientLeft;
    default: return Outcome::kCut;
  }
}

// Sends one response. A second request must not arrive before the first response has ended; RFC 9112 section 9.3.2
// lets a client pipeline and lets a server close after any response, whereupon the client repeats what was not
// answered. So one that does is told `Connection: close` if the head is still to be written, and closed after the
// body in any case. Looking for it just before the last bytes is exact: a correct client cannot have sent its next
// request yet.
class Sender {
 public:
  Sender(Connection& connection, Response& response, const Client& client, const std::string& id)
      : connection_(connection), response_(response), client_(client), id_(id) {}

  Awaitable<Sent> Run() {
    MakeHead();
    connection_.CutWhenStalled(connection_.core().options.stall_timeout);
    if (response_.body) {
      co_await SendStream();
    } else {
      co_await SendText();
    }
    response_.body.reset();  // before anything else: this is how a query learns that its reader has gone
    connection_.ClearLimit();
    sent_.keep_alive = sent_.outcome == Outcome::kComplete && plan_.keep_alive && !connection_.draining();
    co_return sent_;
  }

 private:
  void MakeHead() {
    sent_.status = response_.status;
    Client client = client_;
    client.keep_alive = client.keep_alive && !connection_.draining() && !connection_.HasEarlyInput();
    plan_ = PlanResponse(response_, client);
    head_ = ResponseHead(response_, plan_, connection_.core().Date(), id_);
    if (plan_.framing == Framing::kNone) {
      response_.body.reset();
      response_.text.clear();
    }
  }

  Awaitable<void> SendText() {
    const Connection::Pieces pieces = {asio::buffer(head_), asio::buffer(response_.text)};
    if (co_await connection_.Send(pieces)) {
      sent_.body_bytes = response_.text.size();
    } else {
      sent_.outcome = OutcomeOf(connection_);
    }
  }

  Awaitable<void> SendStream() {
    Intake intake(*response_.body, connection_.core().options.body_buffer_bytes,
                  plan_.framing == Framing::kLength ? plan_.length : std::nullopt);
    while (true) {
      const Intake::Found found = intake.Fill();
      if (found == Intake::Found::kError) {
        co_await Fail(intake.error());
        co_return;
      }
      if (found == Intake::Found::kPending && (intake.held().empty() || intake.awaits_verdict())) {
        if (intake.held().empty()) intake.ReleaseBuffer();
        response_.body->WhenReadable(connection_.Waker());
        if (co_await connection_.WaitForWake()) continue;
      } else if (co_await SendPiece(intake.held(), found == Intake::Found::kEnd)) {
        if (found == Intake::Found::kEnd) co_return;
        intake.Clear();
        continue;
      }
      sent_.outcome = OutcomeOf(connection_);
      co_return;
    }
  }

  // The head goes with the first piece, so that a small response is one packet.
  Awaitable<bool> SendPiece(std::string_view piece, bool last) {
    if (last && connection_.HasEarlyInput()) plan_.keep_alive = false;
    std::string chunk_start;
    std::string_view chunk_end;
    std::string end;
    if (plan_.framing == Framing::kChunked) {
      if (!piece.empty()) {
        chunk_start = fmt::format("{:x}\r\n", piece.size());
        chunk_end = "\r\n";
      }
      if (last) end = ChunkedEnd(plan_.trailers ? response_.body->trailers() : std::vector<Header>());
    }
    const Connection::Pieces pieces = {asio::buffer(head_), asio::buffer(chunk_start),
                                       asio::buffer(piece.data(), piece.size()),
                                       asio::buffer(chunk_end.data(), chunk_end.size()), asio::buffer(end)};
    const bool ok = co_await connection_.Send(pieces);
    if (ok) sent_.body_bytes += piece.size();
    head_.clear();
    co_return ok;
  }

  // Before the first byte the client can still be told properly.
  Awaitable<void> Fail(Error error) {
    if (!head_.empty()) {
      response_ = Problem(error, id_);
      MakeHead();
      co_await SendText();
      co_return;
    }
    Log(LogLevel::kWarn, "body_failed",
        {{"id", id_}, {"kind", ErrorKindName(error.kind)}, {"message", std::string_view(error.message)}});
    response_.body.reset();
    connection_.Abort(Connection::Ending::kNone);
    sent_.outcome = Outcome::kError;
  }

  Connection& connection_;
  Response& response_;
  const Client& client_;
  const std::string& id_;
  ResponsePlan plan_;
  std::string head_;  // empty once sent
  Sent sent_;
};

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kComplete: return "complete";
    case Outcome::kCut: return "cut";
    case Outcome::kClientLeft: return "client_left";
    case Outcome::kError: return "error";
  }
  return "error";
}

Awaitable<Sent> SendResponse(Connection& connection, Response& response, const Client& client, const std::string& id) {
  Sender sender(connection, response, client, id);
  co_return co_await sender.Run();
}

}  // namespace eider
