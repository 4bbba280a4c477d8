#include "api/query_task.h"

#include <fmt/format.h>

#include "api/access.h"
#include "api/metadata_body.h"
#include "api/negotiate.h"
#include "api/query_request.h"
#include "api/spool_body.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/prices.h"
#include "download/format.h"

namespace eider {
namespace {

class QueryTask final : public Delivery {
 public:
  using Delivery::Delivery;

 private:
  Status Plan() override {
    // What a page of another origin can post without asking is refused; this is not among it.
    if (ToLower(Trim(Split(request_.Find("Content-Type"), ';').front())) != "application/json") {
      Answer(Problem(415, StatusTitle(415), "send the query as JSON, with Content-Type: application/json", "",
                     request_.id));
      return {};
    }
    auto order = ParseQueryOrder(request_.body, request_.Find("Accept"));
    if (!order) return order.error();
    sql_ = order->query.sql;
    format_ = order->query.format;
    metadata_ = order->metadata;
    paged_ = order->query.key.has_value();
    auto query = MakeQueryFor(parts_, request_, std::move(order->query));
    if (!query) return query.error();
    if (!query->withheld.empty()) {
      Answer(DenyDataset(request_, query->withheld));
      return {};
    }
    if (order->dry_run) return AnswerDryRun(query->statement);
    if (order->into) return ProduceLink(*order->into, std::move(query->statement), metadata_);
    const bool json = format_ == Format::kJson;
    // What stands around the rows is not part of what equal questions share.
    if (!metadata_ || !json) coding_ = CodingFor(format_, request_.Find("Accept-Encoding"));
    key_ = ProductionKey(*query, coding_);
    // A sheet is of no use before its end: what XLSX cannot hold is then told properly. Where the next page begins is
    // known once this one is there.
    const bool until_end = (metadata_ && !json) || format_ == Format::kXlsx || paged_;
    // A page is no answer of its own: what is behind it would be lost with its token.
    if (paged_) return Produce(key_, std::move(query->statement), coding_, Spool::kUntilEnd);
    return ProduceOrLink(key_, std::move(query->statement), coding_, until_end, {"query", format_}, /*all_rows=*/false);
  }

  void BeginLink(Reader reader) override { Answer(AnswerOfLink(std::move(reader), QueryLog(parts_, request_, sql_))); }

  void Begin(Reader reader) override {
    const FormatInfo& info = InfoOf(format_);
    Response response;
    response.Set("Content-Type", std::string(info.media_type));
    response.Set("Cache-Control", "no-store");
    response.Set("X-Cache", reader.joined() ? "hit" : "miss");
    if (coding_ != Coding::kIdentity) response.Set("Content-Encoding", CodingName(coding_));
    const auto known_end = reader.spool().state().end;
    if (paged_ && known_end && !known_end->next.empty()) response.Set("Eider-Next", known_end->next);
    if (metadata_ && format_ != Format::kJson) {
      const std::chrono::duration<double, std::milli> took = SystemSteadyClock()() - asked_;
      if (known_end) {
        for (Header& header : EndHeaders(*known_end)) response.headers.push_back(std::move(header));
      }
      response.Set("Server-Timing", fmt::format("query;dur={:.3f}", took.count()));
    }
    response.want_trailers = HasToken(request_.Find("TE"), "trailers");
    const bool hit = reader.joined();
    const auto end = std::make_shared<SpoolEnd>();
    std::unique_ptr<Body> body = std::make_unique<SpoolBody>(
        std::move(reader), SpoolSpan(), response.want_trailers,
        [slot = slot_, end, log = QueryLog(parts_, request_, sql_)](const BodyOutcome& outcome) {
          *end = outcome.end;
          log(outcome);
        });
    if (metadata_ && format_ == Format::kJson) {
      body = std::make_unique<MetadataBody>("{\"data\":", std::move(body), [end, hit, paged = paged_, asked = asked_] {
        const std::string next =
            paged ? fmt::format(R"("next":{},)", end->next.empty() ? "null" : JsonQuote(end->next)) : "";
        return fmt::format(",\"metadata\":{{{}\"stats\":{{{}}}}}}}\n", next,
                           StatsMembers(*end, SystemSteadyClock()() - asked, hit));
      });
    }
    response.body = parts_.cancels.Watch(request_.id, ClientOf(request_), std::move(body));
    Answer(std::move(response));
  }

  Status AnswerDryRun(const Statement& statement) {
    const auto cost = parts_.database.Estimate(statement, request_.client_left);
    if (!cost) return cost.error();
    const bool remote = statement.snapshot && statement.snapshot->remote();
    Response response;
    response.Set("Content-Type", "application/json");
    response.Set("Cache-Control", "no-store");
    response.text = fmt::format("{{{}}}\n", CostMembers(*cost, parts_.catalog.lake().prices, remote));
    Answer(std::move(response));
    return {};
  }

  std::string sql_;
  Format format_ = Format::kJson;
  bool metadata_ = false;
  bool paged_ = false;
  Coding coding_ = Coding::kIdentity;
  const SteadyTime asked_ = SystemSteadyClock()();
  std::string key_;
};

}  // namespace

Result<LakeQuery> MakeQueryFor(const ServiceParts& parts, const Request& request, QueryRequest query) {
  const Limits limits = LimitsFor(parts, request);
  query.with_key = request.caller->with_key;
  query.datasets = request.caller->datasets;
  Call call;
  call.stop = request.client_left;
  call.deadline = SystemSteadyClock()() + limits.time;
  auto made = MakeQuery(query, parts.catalog, parts.database, call);
  if (!made) return made;
  auto& rows = made->statement.limits.rows;  // those that its datasets allow
  rows = limits.rows == 0 || rows == 0 ? std::max(rows, limits.rows) : std::min(rows, limits.rows);
  made->statement.limits.time = limits.time;
  made->statement.limits.bytes = limits.bytes;
  made->statement.limits.memory = limits.memory;
  return made;
}

std::function<void(const BodyOutcome&)> QueryLog(const ServiceParts& parts, const Request& request, std::string sql) {
  if (parts.options.mask_values) sql = "*";
  return [id = request.id, principal = request.caller->name, begun = SystemSteadyClock()(),
          sql = std::move(sql)](const BodyOutcome& outcome) {
    static constexpr const char* kOutcomes[] = {"complete", "error", "client_left"};
    const double ms = std::chrono::duration<double, std::milli>(SystemSteadyClock()() - begun).count();
    Log(LogLevel::kInfo, "query",
        {{"id", std::string_view(id)},
         {"principal", std::string_view(principal)},
         {"sql", std::string_view(sql).substr(0, 2000)},
         {"outcome", std::string_view(kOutcomes[static_cast<int>(outcome.kind)])},
         {"rows", static_cast<std::int64_t>(outcome.end.rows)},
         {"bytes", static_cast<std::int64_t>(outcome.bytes)},
         {"requests", static_cast<std::int64_t>(outcome.end.reads)},
         {"read_bytes", static_cast<std::int64_t>(outcome.end.read_bytes)},
         {"ms", ms}});
  };
}

std::string ProductionKey(const LakeQuery& query, Coding coding) {
  if (query.version.empty()) return {};
  return Sha256Hex(fmt::format("query\n{}\n{}\n{}\n{}", query.version, InfoOf(query.statement.format).extension,
                               EncoderVersion(), CodingName(coding)))
      .substr(0, 32);
}

void StartQuery(const ServiceParts& parts, Request request, Reply reply) {
  std::make_shared<QueryTask>(parts, std::move(request), std::move(reply))->Start();
}

}  // namespace eider
