#include "lambda/function.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "lambda/event.h"
#include "lambda/http_answer.h"
#include "lambda/pending_response.h"

namespace eider {
namespace {

namespace json = boost::json;

constexpr std::string_view kJson = "application/json";
constexpr const char* kInvocationPath = "/2021-11-15/functions/eider/response-streaming-invocations";

Error TooLong(std::uint64_t limit_bytes, bool links) {
  return {ErrorKind::kExhausted,
          fmt::format("the answer has more than the {} bytes that can be sent this way; ask for fewer rows or columns, "
                      "in parts, or in a denser format such as parquet{}",
                      limit_bytes,
                      links ? ", or have it written, by \"into\" of POST /query"
                            : "; with EIDER_RESULTS set, such as to 1d, the function writes such answers into the lake "
                              "and answers a link"),
          {}};
}

Error BodyTooLong() {
  return {ErrorKind::kExhausted,
          fmt::format("the request has more than the {} bytes that are taken of one", kMaxHttpBodyBytes),
          {}};
}

// What the service says of a question that it could not answer: a function's error already, or a problem of HTTP.
FunctionError ErrorOf(const Response& response) {
  boost::system::error_code failed;
  const json::value said = json::parse(response.text, failed);
  const auto text = [&](const char* name) -> std::string {
    const json::value* found = failed || !said.is_object() ? nullptr : said.get_object().if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
  };
  FunctionError error{text("errorType"), text("errorMessage")};
  if (error.message.empty()) error.message = text("detail");
  if (error.message.empty()) error.message = text("message");
  if (error.type.empty()) error.type = response.status < 500 ? "Refused" : "Unavailable";
  return error;
}

// One invocation on its way to its answer.
class Work {
 public:
  Work(Handler& handler, const FunctionOptions& options, const LambdaInvocation& invocation, InvocationAnswer& answer)
      : options_(options), invocation_(invocation), answer_(answer), pending_(handler, invocation, options.stop_fd) {}

  bool Run() {
    if (invocation_.event_too_large) {
      Fail({"InvalidEvent", "the event is larger than any that Lambda sends"});
    } else if (auto event = ParseEvent(invocation_.event); !event) {
      kind_ = "unknown";
      Fail({"InvalidEvent", event.error().message});
    } else {
      std::visit([this](auto& what) { Answer(std::move(what)); }, *event);
    }
    Record();
    return !pending_.stopped();
  }

 private:
  void Answer(HttpEvent event) {
    kind_ = "http";
    const std::string method = event.request.method;
    const bool url = event.door == HttpDoor::kFunctionUrl;
    if (options_.mode == InvokeMode::kStream || (url && options_.mode == InvokeMode::kAuto)) {
      StreamHttp(AskHttp(event, StreamRoom()), method);
    } else {
      BufferHttp(event);
    }
  }

  Response AskHttp(const HttpEvent& event, std::uint64_t room_bytes) {
    auto response =
        event.body_too_long ? Result<Response>(BodyTooLong()) : pending_.Ask(WithRoom(event.request, room_bytes));
    return response ? *std::move(response) : Problem(response.error(), invocation_.id);
  }

  Request WithRoom(Request request, std::uint64_t room_bytes) const {
    if (options_.links) request.room_bytes = room_bytes;
    return request;
  }

  // What a stream can carry until the work must end.
  std::uint64_t StreamRoom() const {
    if (invocation_.work_until == SteadyTime::max()) return options_.streamed_bytes;
    const std::chrono::duration<double> left = invocation_.work_until - SystemSteadyClock()();
    const double behind = std::max(left.count(), 0.0) * static_cast<double>(options_.stream_bytes_per_second);
    return std::min(options_.streamed_bytes, options_.stream_burst_bytes + static_cast<std::uint64_t>(behind));
  }

  void BufferHttp(const HttpEvent& event) {
    const std::uint64_t most = std::min(options_.buffered_bytes, EnvelopeBytes(event.door));
    const std::string& method = event.request.method;
    Response response = AskHttp(event, most);
    std::string payload;
    Status whole = MakeEnvelope(response, event, most, payload);
    if (!whole && whole.error().kind == ErrorKind::kExhausted && options_.links) {  // JSON or Base64 made it too long
      response = AskHttp(event, 0);
      whole = MakeEnvelope(response, event, most, payload);
    }
    if (!whole) {
      response = Problem(whole.error(), invocation_.id);
      payload =
          Envelope(response, HasBody(response.status, method) ? response.text : "", event.door, event.multi_value);
    }
    status_ = response.status;
    Sent(answer_.Respond(kJson, payload));
    bytes_ = payload.size();
  }

  Status MakeEnvelope(Response& response, const HttpEvent& event, std::uint64_t most, std::string& payload) {
    std::string body;
    Status whole;
    const std::string& method = event.request.method;
    if (HasBody(response.status, method)) {
      whole = pending_.Drain(response, [&](std::string_view piece) {
        body += piece;
        return body.size() <= most;  // Base64 and JSON only add to it
      });
    }
    response.body.reset();
    if (!whole) return whole;
    payload = Envelope(response, body, event.door, event.multi_value);
    return payload.size() > most ? Status(TooLong(most, options_.links)) : Status();
  }

  void StreamHttp(Response response, const std::string& method) {
    if (response.body && response.body->size().value_or(0) > options_.streamed_bytes) {
      response = Problem(TooLong(options_.streamed_bytes, options_.links), invocation_.id);
    }
    bool empty = false;
    const auto begin = [&] {
      begun_ = true;
      status_ = response.status;
      return Sent(answer_.Begin(kStreamedHttp)) && Sent(answer_.Write(Prelude(response, empty))) &&
             Sent(answer_.Write(kPreludeEnd));
    };
    Status whole;
    if (HasBody(response.status, method)) {
      whole = Stream(response, begin);
      empty = true;  // where nothing has begun by now
    }
    if (!whole && !begun_) {  // nothing has left yet, so it can be told properly
      response = Problem(whole.error(), invocation_.id);
      empty = false;
      whole = Stream(response, begin);
    }
    End(whole, begin);
  }

  void Answer(DirectEvent direct) {
    kind_ = "direct";
    if (invocation_.event.size() > kMaxHttpBodyBytes) {
      return Fail(FunctionErrorOf(BodyTooLong()));
    }
    Request request;
    request.method = "POST";
    request.path = kInvocationPath;
    request.headers.push_back({"Accept", std::string(kJson)});
    if (direct.api_key) request.headers.push_back({"X-Api-Key", *std::move(direct.api_key)});
    request.authorised = !options_.direct_needs_key;
    request.body = invocation_.event;
    const bool streams = options_.mode == InvokeMode::kStream;
    // Who asked the function itself can take a link, whether it streams or not, and nothing says whether it does.
    auto response = pending_.Ask(WithRoom(request, streams ? StreamRoom() : options_.buffered_bytes));
    if (!response) return Fail(FunctionErrorOf(response.error()));
    std::string held;  // until it is known to be too long to be sent whole
    const auto begin = [&] {
      begun_ = true;
      if (!Sent(answer_.Begin(kJson))) return false;
      for (std::size_t at = 0; at < held.size(); at += kChunkBytes) {
        if (!Sent(answer_.Write(std::string_view(held).substr(at, kChunkBytes)))) return false;
      }
      return true;
    };
    if (IsFailed(*response)) return Fail(ErrorOf(*response));
    if (streams) return End(Stream(*response, begin), begin);
    auto whole = Hold(*response, held);
    if (whole && held.size() > options_.buffered_bytes && options_.links) {  // by what stands around the records
      response = pending_.Ask(WithRoom(std::move(request), 0));
      if (!response) return Fail(FunctionErrorOf(response.error()));
      if (IsFailed(*response)) return Fail(ErrorOf(*response));
      held.clear();
      whole = Hold(*response, held);
    }
    if (!whole) {
      response->body.reset();  // a query learns that its reader has gone
      return Fail(FunctionErrorOf(whole.error()));
    }
    bytes_ = held.size();
    if (bytes_ <= options_.buffered_bytes) {
      Sent(answer_.Respond(kJson, held));
    } else if (options_.mode == InvokeMode::kBuffered) {
      Fail(FunctionErrorOf(TooLong(options_.buffered_bytes, options_.links)));
    } else if (begin()) {
      held = std::string();
      End(Stream(*response, begin), begin);
    }
  }

  static bool IsFailed(const Response& response) {
    return response.status >= 400 || !response.Find("X-Amz-Function-Error").empty();
  }

  // As much as can be sent at once, and what shows that there is more.
  Status Hold(Response& response, std::string& held) {
    return pending_.Drain(response, [&](std::string_view piece) {
      held += piece;
      return held.size() <= options_.buffered_bytes;
    });
  }

  // What they would start is not there, and an event that is taken and not acted upon would be lost.
  void Answer(ObjectEvents objects) {
    kind_ = "objects";
    if (objects.events.empty()) {
      Sent(answer_.Respond(kJson, "{}"));
      return;
    }
    const std::string message = fmt::format("nothing is configured that {} would start, and {} more of this event",
                                            Describe(objects.events.front()), objects.events.size() - 1);
    // Nobody waits for the answer of most that send these.
    Log(LogLevel::kError, "event_refused",
        {{"id", std::string_view(invocation_.id)}, {"reason", std::string_view(message)}});
    Fail({"NothingConfigured", message});
  }

  void Answer(QueueBatch batch) {
    kind_ = "queue";
    std::string failures;
    for (const QueueBatch::Message& message : batch.messages) {
      if (message.events && message.events->empty()) continue;  // S3's test of a new notification
      Log(LogLevel::kError, "message_refused",
          {{"id", std::string_view(invocation_.id)},
           {"message_id", std::string_view(message.id)},
           {"reason", message.events ? std::string_view("nothing is configured that it would start")
                                     : std::string_view(message.events.error().message)}});
      failures += fmt::format(R"({}{{"itemIdentifier":{}}})", failures.empty() ? "" : ",", JsonQuote(message.id));
    }
    Sent(answer_.Respond(kJson, fmt::format(R"({{"batchItemFailures":[{}]}})", failures)));
    if (!failures.empty()) error_ = "NothingConfigured";
  }

  // Sends the response's body in chunks; `begin` before the first. An answer that did not arrive is no error here.
  template <class Begin>
  Status Stream(Response& response, const Begin& begin) {
    const auto whole = pending_.Drain(response, [&](std::string_view piece) {
      if (!begun_ && !begin()) return false;
      too_long_ = bytes_ + piece.size() > options_.streamed_bytes;
      if (too_long_ || !Sent(answer_.Write(piece))) return false;
      bytes_ += piece.size();
      return true;
    });
    response.body.reset();  // this is how a query learns that its reader has gone
    if (too_long_) return TooLong(options_.streamed_bytes, options_.links);
    return whole;
  }

  template <class Begin>
  void End(const Status& whole, const Begin& begin) {
    if (late_) {
      Break(FunctionErrorOf({ErrorKind::kTimeout, "the function's time ended before the client had taken all", {}}));
    } else if (lost_) {
      return;
    } else if (!whole && begun_) {
      Break(FunctionErrorOf(whole.error()));
    } else if (!whole) {
      Fail(FunctionErrorOf(whole.error()));
    } else if (begun_ || begin()) {
      Sent(answer_.End());
    }
  }

  void Break(const FunctionError& error) {
    error_ = error.type;
    Sent(answer_.Break(error));
  }

  void Fail(const FunctionError& error) {
    error_ = error.type;
    Sent(answer_.Fail(error));
  }

  // False: the answer did not arrive, and there is no use in going on.
  bool Sent(const Status& status) {
    if (status) return true;
    late_ = !lost_ && begun_ && status.error().kind == ErrorKind::kTimeout;
    lost_ = true;
    Log(LogLevel::kError, "answer_lost",
        {{"id", std::string_view(invocation_.id)}, {"message", std::string_view(status.error().message)}});
    return false;
  }

  void Record() const {
    const std::chrono::duration<double, std::milli> took = SystemSteadyClock()() - begun_at_;
    Log(LogLevel::kInfo, "invocation",
        {{"id", std::string_view(invocation_.id)},
         {"kind", kind_},
         {"status", std::int64_t{status_}},
         {"bytes", static_cast<std::int64_t>(bytes_)},
         {"ms", took.count()},
         {"outcome", std::string_view(lost_            ? "lost"
                                      : error_.empty() ? "answered"
                                                       : "failed")},
         {"error", std::string_view(error_)}});
  }

  const FunctionOptions& options_;
  const LambdaInvocation& invocation_;
  InvocationAnswer& answer_;
  PendingResponse pending_;
  const SteadyTime begun_at_ = SystemSteadyClock()();
  std::string_view kind_ = "event";
  int status_ = 0;  // of an HTTP response
  std::uint64_t bytes_ = 0;
  std::string error_;  // its type
  bool begun_ = false;
  bool too_long_ = false;
  bool late_ = false;  // the client did not take a chunk in time: it can still be told
  bool lost_ = false;
};

}  // namespace

std::optional<InvokeMode> ParseInvokeMode(std::string_view text) {
  if (text == "auto") return InvokeMode::kAuto;
  if (text == "buffered") return InvokeMode::kBuffered;
  if (text == "stream") return InvokeMode::kStream;
  return std::nullopt;
}

bool Function::Invoke(const LambdaInvocation& invocation, InvocationAnswer& answer) {
  return Work(handler_, options_, invocation, answer).Run();
}

}  // namespace eider
