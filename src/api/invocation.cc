#include "api/invocation.h"

#include <fmt/format.h>

#include "api/access.h"
#include "api/event_stream.h"
#include "api/function_error.h"
#include "api/metadata_body.h"
#include "api/query_request.h"
#include "api/query_task.h"
#include "api/result_task.h"
#include "api/spool_body.h"
#include "api/written_result.h"
#include "base/log.h"
#include "base/text.h"

namespace eider {
namespace {

// What Lambda answers at most at once: 6 MB and a little (its quotas, "Invocation payload"), less the metadata.
constexpr std::uint64_t kWholeBytes = 6'291'556 - 256 * 1024;

// 8-4-4-4-12 of the request's 32 digits.
std::string EventId(std::string_view id) {
  if (id.size() != 32) return std::string(id);
  return fmt::format("{}-{}-{}-{}-{}", id.substr(0, 8), id.substr(8, 4), id.substr(12, 4), id.substr(16, 4),
                     id.substr(20));
}

class Invocation final : public Delivery {
 public:
  Invocation(const ServiceParts& parts, Request request, InvocationKind kind, bool warm, Reply reply)
      : Delivery(parts, std::move(request), std::move(reply)), kind_(kind), warm_(warm) {}

 private:
  Status Plan() override {
    if (ToLower(request_.Find("X-Amz-Invocation-Type")) == "dryrun") {
      Response response;
      response.status = 204;
      Answer(std::move(response));
      return {};
    }
    if (ToLower(request_.Find("X-Amz-Invocation-Type")) == "event") {
      AnswerLambdaError(400, "InvalidParameterValueException", "an invocation is answered here: there is no queue");
      return {};
    }
    auto parsed = ParseInvocation(request_.body);
    if (!parsed) {
      if (!parsed.error().parameter.empty()) return parsed.error();
      AnswerLambdaError(400, "InvalidRequestContentException", parsed.error().message);
      return {};
    }
    if (!*parsed) {
      AnswerRecords("[]");
      return {};
    }
    sql_ = (*parsed)->sql;
    auto query = MakeQueryFor(parts_, request_, *std::move(*parsed));
    if (!query) return query.error();
    if (!query->withheld.empty()) {
      LogDenied(request_, 200, "dataset_not_allowed");
      return Invalid(fmt::format("'{}' is not for you: it wants an API key that opens it", query->withheld));
    }
    const bool whole = kind_ == InvocationKind::kWhole;
    if (whole) {
      auto& bytes = query->statement.limits.bytes;
      bytes = bytes == 0 ? kWholeBytes : std::min(bytes, kWholeBytes);
    }
    const std::string key = ProductionKey(*query, Coding::kIdentity);
    // The limit of bytes is no part of the key, so a whole answer is not shared with what may be longer.
    if (whole) {
      return Produce(key.empty() ? key : key + "-whole", std::move(query->statement), Coding::kIdentity,
                     Spool::kUntilEnd);
    }
    return ProduceOrLink(key, std::move(query->statement), Coding::kIdentity, /*until_end=*/false,
                         {"records", Format::kJson}, /*all_rows=*/false);
  }

  // In the place of the records, so that nobody takes it for an answer without any. Who invokes the function itself may
  // know no other door to it, so the link is the store's own where there is such.
  void BeginLink(Reader reader) override {
    reader = Reader();  // its text says less
    const ResultLink& link = written()->link;
    const WallTime until = std::min(link.kept_until, parts_.options.wall_clock() + kSignedTime);
    const auto url = SignedUrlOf(*parts_.options.results, link, parts_.options.wall_clock());
    if (!url) return Refuse(url.error());
    BodyOutcome outcome;
    outcome.kind = BodyOutcome::Kind::kComplete;
    outcome.bytes = written()->bytes;
    outcome.end.rows = written()->rows;
    QueryLog(parts_, request_, sql_)(outcome);
    AnswerData(fmt::format(R"("link":{{{}}})",
                           LinkMembers(*written(), *url ? **url : link.Path(), *url ? until : link.kept_until)));
  }

  void Begin(Reader reader) override {
    if (kind_ == InvocationKind::kStream) return AnswerStream(std::move(reader));
    std::string records(reader.spool().state().size_bytes, '\0');
    std::size_t at = 0;
    while (at < records.size()) {
      const auto size = reader.spool().Read(at, std::span(records).subspan(at));
      if (!size) return Refuse(size.error());
      if (*size == 0) return Refuse(Internal("a kept result is shorter than it was"));
      at += *size;
    }
    BodyOutcome outcome;
    outcome.kind = BodyOutcome::Kind::kComplete;
    outcome.bytes = records.size();
    outcome.end = reader.spool().state().end.value_or(SpoolEnd());
    QueryLog(parts_, request_, sql_)(outcome);
    AnswerRecords(records);
  }

  // A function's error is no error of HTTP.
  void Refuse(const Error& error) override {
    Response response = Head();
    response.Set("X-Amz-Function-Error", "Unhandled");
    const std::string text = ToJson(FunctionErrorOf(error));
    if (framed_) {
      response.text = EncodeEvent("InvokeComplete", "application/json",
                                  fmt::format(R"({{"ErrorCode":"Unhandled","ErrorDetails":{}}})", JsonQuote(text)));
    } else {
      response.text = text;
    }
    Answer(std::move(response));
  }

  void AnswerStream(Reader reader) {
    auto body = std::make_unique<SpoolBody>(
        std::move(reader), SpoolSpan(), false,
        [slot = slot_, log = QueryLog(parts_, request_, sql_)](const BodyOutcome& outcome) { log(outcome); });
    const std::string before = R"({"data":{"records":)";
    const auto after = [self = std::static_pointer_cast<Invocation>(shared_from_this())] {
      return fmt::format("}},\"metadata\":{}}}", self->Metadata());
    };
    Response response = Head();
    if (framed_) {
      response.body = MakeEventStream(before, std::move(body), after);
    } else {
      response.body = std::make_unique<MetadataBody>(before, std::move(body), after);
    }
    Answer(std::move(response));
  }

  void AnswerRecords(std::string_view records) { AnswerData(fmt::format(R"("records":{})", records)); }

  void AnswerData(std::string_view member) {
    Response response = Head();
    std::string text = fmt::format(R"({{"metadata":{},"data":{{{}}}}})", Metadata(), member);
    if (framed_) {
      response.text = EncodeEvent("PayloadChunk", "application/octet-stream", text) +
                      EncodeEvent("InvokeComplete", "application/json", "{}");
    } else {
      response.text = std::move(text);
    }
    Answer(std::move(response));
  }

  void AnswerLambdaError(int status, const std::string& type, const std::string& message) {
    Response response;
    response.status = status;
    response.Set("Content-Type", "application/json");
    response.Set("X-Amzn-ErrorType", type);
    response.text = fmt::format(R"({{"Type":"User","message":{}}})", JsonQuote(message));
    Answer(std::move(response));
  }

  Response Head() const {
    Response response;
    response.Set("Content-Type", framed_ ? "application/vnd.amazon.eventstream" : "application/json");
    response.Set("Cache-Control", "no-store");
    response.Set("X-Amz-Executed-Version", "$LATEST");
    return response;
  }

  std::string Metadata() const {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return fmt::format(R"({{"timeMs":{},"epochMs":{},"eventId":{},"query":{},"warm":{}}})",
                       duration_cast<milliseconds>(SystemSteadyClock()() - begun_).count(),
                       duration_cast<milliseconds>(asked_.time_since_epoch()).count(), JsonQuote(EventId(request_.id)),
                       sql_.empty() ? "null" : JsonQuote(sql_), warm_);
  }

  const InvocationKind kind_;
  const bool framed_ = kind_ == InvocationKind::kStream && request_.Find("Accept") != "application/json";
  const bool warm_;
  const SteadyTime begun_ = SystemSteadyClock()();
  const WallTime asked_ = SystemWallClock()();
  std::string sql_;
};

}  // namespace

std::optional<InvocationKind> ParseInvocationPath(std::string_view path) {
  const std::vector<std::string> parts = Split(path, '/');
  if (parts.size() != 5 || parts[2] != "functions" || parts[3].empty()) return std::nullopt;
  if (parts[1] == "2015-03-31" && parts[4] == "invocations") return InvocationKind::kWhole;
  if (parts[1] == "2021-11-15" && parts[4] == "response-streaming-invocations") return InvocationKind::kStream;
  return std::nullopt;
}

void StartInvocation(const ServiceParts& parts, Request request, InvocationKind kind, bool warm, Reply reply) {
  std::make_shared<Invocation>(parts, std::move(request), kind, warm, std::move(reply))->Start();
}

}  // namespace eider
