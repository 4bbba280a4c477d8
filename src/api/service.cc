#include "api/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cmath>
#include <set>

#include "api/access.h"
#include "api/describe.h"
#include "api/download_task.h"
#include "api/invocation.h"
#include "api/metrics.h"
#include "api/negotiate.h"
#include "api/page.h"
#include "api/query_task.h"
#include "api/receipts.h"
#include "api/result_link.h"
#include "api/result_sweeper.h"
#include "api/result_task.h"
#include "base/log.h"
#include "base/text.h"
#include "download/format.h"
#include "model/lineage.h"

namespace eider {
namespace {

Response Json(std::string text) {
  Response response;
  response.Set("Content-Type", "application/json");
  response.Set("Cache-Control", "no-cache");
  response.text = std::move(text);
  return response;
}

Response PlainText(std::string text, std::string media_type = "text/plain; charset=utf-8") {
  Response response;
  response.Set("Content-Type", std::move(media_type));
  response.Set("Cache-Control", "no-store");
  response.text = std::move(text);
  return response;
}

constexpr std::string_view kQueryPath = "/query";
constexpr std::string_view kCatalogsPath = "/catalogs/";

// "/flights.csv" -> name and extension; "/flights" has none.
struct Target {
  std::string name;
  std::optional<std::string> extension;
};

Result<Target> ParsePath(std::string_view raw) {
  const auto path = PercentDecode(raw.substr(1), false);
  if (!path) return Invalid(fmt::format("'%' in the path '{}' is not followed by two hexadecimal digits", raw));
  Target target;
  const std::size_t dot = path->rfind('.');
  target.name = path->substr(0, dot);
  if (dot != std::string::npos) target.extension = path->substr(dot + 1);
  if (!IsDatasetName(target.name)) {
    return NotFound(fmt::format(
        "there is nothing at '{}': a dataset's name is 1 to 100 letters, digits, '_' and '-'; GET /datasets "
        "lists them",
        raw.substr(0, 200)));
  }
  return target;
}

}  // namespace

class Service::Core {
 public:
  Core(Catalog& catalog, Database& database, Productions& productions, ServiceOptions options)
      : catalog_(catalog),
        database_(database),
        productions_(productions),
        options_(std::move(options)),
        access_(catalog.access(), options_.keys, {options_.anonymous, options_.client_limits, options_.trusted}),
        sweeper_(options_.results && options_.sweep_results
                     ? std::make_unique<ResultSweeper>(*options_.results, options_.wall_clock)
                     : nullptr),
        planners_(static_cast<std::size_t>(options_.planners)) {}

  ~Core() { planners_.join(); }

  void Handle(Request request, Reply reply) {
    ++requests_;
    const auto answer = std::make_shared<Answering>(Answering{HeadOf(request), {}, {}});
    reply = [this, reply = std::move(reply), answer](Response response) {
      for (const Header& header : answer->rate) response.Set(header.name, header.value);
      response.Set("Eider-Request-Id", answer->asked.id);
      response.Set("X-Content-Type-Options", "nosniff");
      access_.AddCors(answer->asked, response);  // last: it says of all the others that they may be read
      response.principal = answer->principal;
      reply(std::move(response));
    };
    if (auto preflight = access_.Preflight(request)) return reply(*std::move(preflight));
    if (auto refused = RefuseMethod(request, MethodsOf(request.path))) return reply(*std::move(refused));
    if (auto page = AnswerPage(request)) return reply(*std::move(page));
    if (request.path == "/healthz") return reply(PlainText("ok\n"));
    if (auto refused = Admit(request, *answer)) {
      // That there is no such method whoever asks is told, whatever the key, as at every other path.
      const bool no_method = request.path == kQueryPath && !HasToken("GET, HEAD, POST", ToLower(request.method));
      if (!no_method || refused->status == 429) return reply(*std::move(refused));
      return reply(*RefuseMethod(request, "POST"));
    }
    if (request.path == "/metrics") return reply(PlainText(Metrics(), "text/plain; version=0.0.4; charset=utf-8"));
    if (planning_ >= options_.planning) {
      return reply(
          Problem({ErrorKind::kUnavailable, "too many requests are waiting; retry in some seconds", {}}, request.id));
    }
    ++planning_;
    boost::asio::post(planners_, [this, request = std::move(request), reply = std::move(reply)]() mutable {
      Route(std::move(request), reply);
      --planning_;
    });
  }

 private:
  static std::string_view MethodsOf(std::string_view path) {
    if (path == kQueryPath) return {};  // known once the datasets are: one may be called "query"
    if (path.starts_with(kQueryPath) && path[kQueryPath.size()] == '/') return "DELETE";
    return ParseInvocationPath(path) ? "POST" : "GET, HEAD";
  }

  // The refusal of a method that is not among these; nullopt: it is, or they are not known.
  static std::optional<Response> RefuseMethod(const Request& request, std::string_view allowed) {
    if (allowed.empty() || HasToken(allowed, ToLower(request.method))) return std::nullopt;
    Response refused =
        Problem(405, StatusTitle(405), fmt::format("'{}' is not allowed here; use {}", request.method, allowed), "",
                request.id);
    refused.Set("Allow", std::string(allowed));
    return refused;
  }

  // What a reply needs beside the response.
  struct Answering {
    Request asked;             // id and origin: the request itself is moved away
    std::string principal;     // as known
    std::vector<Header> rate;  // what the client has left
  };

  // Finds out who asks and whether it is their turn; the refusal, or nullopt.
  std::optional<Response> Admit(Request& request, Answering& answer) {
    auto verdict = access_.Identify(request, options_.wall_clock());
    request.caller = verdict.caller;
    const bool bad_key = !verdict.caller;
    // Guesses count against the address that they come from, as what comes from it without a key.
    const ClientLimits limits = (bad_key ? access_.nobody() : *verdict.caller).limits;
    if (options_.trusted) return std::nullopt;
    const RateState rate = admission_->Take(ClientOf(request), limits, options_.steady_clock());
    answer.rate = RateHeaders(limits, rate);
    if (!rate.admitted) {
      Response refused = Deny(request, 429, "rate", "too many requests; wait as Retry-After says");
      refused.Set("Retry-After", std::to_string(rate.retry_after));
      return refused;
    }
    if (bad_key) return std::move(verdict.refusal);
    answer.principal = verdict.caller->name;
    // Whoever balances load over servers asks /readyz and has no key.
    if (verdict.caller->with_key || access_.anonymous() || request.path == "/readyz") return std::nullopt;
    return Deny(request, 401, "key_needed", "this server wants an API key; send it as Authorization: Bearer KEY");
  }

  // The IETF's draft (draft-ietf-httpapi-ratelimit-headers-10): a bucket of q that fills in w seconds; r are left, and
  // in t seconds it is full.
  static std::vector<Header> RateHeaders(const ClientLimits& limits, const RateState& rate) {
    if (limits.requests_per_second <= 0) return {};
    const auto fill = static_cast<std::uint64_t>(std::ceil(limits.burst / limits.requests_per_second));
    return {{"RateLimit-Policy", fmt::format("\"requests\";q={:.0f};w={}", limits.burst, fill)},
            {"RateLimit", fmt::format("\"requests\";r={};t={}", rate.remaining, rate.full_after)}};
  }

  // On a planner's thread.
  void Route(Request request, const Reply& reply) {
    const ServiceParts parts{catalog_, database_, productions_, receipts_, *cancels_, planners_, options_, *admission_};
    if (request.method == "POST" && request.path == kQueryPath) return StartQuery(parts, std::move(request), reply);
    if (const auto kind = ParseInvocationPath(request.path)) {
      return StartInvocation(parts, std::move(request), *kind, invoked_.exchange(true), reply);
    }
    if (request.path == kQueryPath) {
      if (auto refused = RefuseMethod(request, HasQueryDataset(request) ? "GET, HEAD, POST" : "POST")) {
        return reply(*std::move(refused));
      }
    }
    if (request.method == "DELETE") return reply(CancelQuery(request));
    const std::string id = request.id;
    const auto answer = [&](Result<Response> response) {
      reply(response ? *std::move(response) : Problem(response.error(), id));
    };
    if (request.path == "/readyz") return answer(Ready());
    if (request.path == "/datasets") return answer(Datasets(*request.caller));
    if (request.path == "/openapi.json") return answer(OpenApi(*request.caller));
    if (request.path == "/lineage.json") return answer(Lineage(*request.caller));
    if (request.path == "/eider.schema.json") return reply(Json(std::string(ConfigSchema())));
    if (request.path.starts_with(kResultsPath)) return StartResult(parts, request, reply);
    if (request.path.starts_with(kCatalogsPath)) return answer(CatalogTables(request));
    const auto target = ParsePath(request.path);
    if (!target) return reply(Problem(target.error(), id));
    const auto format = ChooseFormat(*target, request);
    if (!format) return reply(Problem(format.error(), id));
    const bool needs_key = !request.caller->with_key && catalog_.NeedsKey(target->name);
    if (needs_key || !request.caller->MayRead(target->name)) return reply(DenyDataset(request, target->name));
    if (!*format) return answer(Describe(target->name, request));
    StartDownload(parts, std::move(request), target->name, **format, reply);
  }

  bool HasQueryDataset(const Request& request) {
    const auto list = catalog_.List();
    return list && std::any_of(list->begin(), list->end(), [&](const DatasetConfig& config) {
             return config.name == kQueryPath.substr(1) && request.caller->MayRead(config.name);
           });
  }

  Response CancelQuery(const Request& request) {
    const std::string id = request.path.substr(kQueryPath.size() + 1);
    if (!cancels_->Cancel(id, ClientOf(request))) {
      return Problem(NotFound(fmt::format("no query '{}' of yours is being answered: it has ended, or never was",
                                          id.substr(0, 100))),
                     request.id);
    }
    Response response;
    response.status = 204;
    return response;
  }

  static Request HeadOf(const Request& request) {
    Request head;
    head.id = request.id;
    head.headers.push_back({"Origin", std::string(request.Find("Origin"))});
    return head;
  }

  // The format to download in; nullopt: the dataset's description is wanted.
  static Result<std::optional<Format>> ChooseFormat(const Target& target, const Request& request) {
    if (target.extension) {
      if (const auto format = FormatByExtension(*target.extension)) return std::optional(*format);
      std::vector<std::string> known;
      for (const FormatInfo& info : Formats()) known.emplace_back(info.extension);
      return Error{ErrorKind::kUnsupported,
                   fmt::format("there is no format '{}'.{} Formats are: {}", *target.extension,
                               DidYouMean(*target.extension, known), Join(known, " ")),
                   {}};
    }
    const auto format = FormatByAccept(request.Find("Accept"));
    if (!format || *format) return format;
    // Parameters ask for rows; a description has none, and nothing is ignored.
    if (!request.query.empty()) return std::optional(Format::kJson);
    return std::optional<Format>();
  }

  Result<Response> Ready() {
    if (const auto list = catalog_.List(); !list) return list.error();
    return PlainText("ready\n");
  }

  Result<Response> Datasets(const Caller& caller) {
    auto list = catalog_.List();
    if (!list) return list.error();
    std::erase_if(*list, [&](const DatasetConfig& config) { return !caller.MayRead(config.name); });
    auto catalogs = catalog_.AttachedNames();
    std::erase_if(catalogs, [&](const std::string& name) { return !MayReadCatalog(caller, name); });
    return Json(DescribeLake(options_.title, *list, catalogs));
  }

  bool MayReadCatalog(const Caller& caller, const std::string& name) const {
    return caller.MayRead(name) && (caller.with_key || !catalog_.NeedsKey(name));
  }

  // The tables of a catalog of others.
  Result<Response> CatalogTables(const Request& request) {
    const auto name = PercentDecode(std::string_view(request.path).substr(kCatalogsPath.size()), false);
    if (!name) return Invalid("'%' in the path is not followed by two hexadecimal digits");
    const auto catalog = catalog_.FindAttached(*name);
    if (!catalog) return catalog.error();
    if (!*catalog) {
      return NotFound(fmt::format("there is no catalog '{}'.{} GET /datasets lists them", name->substr(0, 100),
                                  DidYouMean(*name, catalog_.AttachedNames())));
    }
    if (!MayReadCatalog(*request.caller, (*catalog)->name)) return DenyDataset(request, (*catalog)->name);
    Statement statement;
    statement.confined = true;
    statement.catalogs.emplace(ToLower(*name), *catalog);
    statement.limits.time = options_.time_limit;
    const auto tables = database_.ListTables(statement, request.client_left);
    if (!tables) return tables.error();
    return Json(DescribeCatalog(**catalog, *tables));
  }

  Result<Response> Describe(const std::string& name, const Request& request) {
    const auto dataset = catalog_.Find(name);
    if (!dataset) return dataset.error();
    // A view of what needs a key.
    if (!request.caller->with_key && (*dataset)->config.needs_key) return DenyDataset(request, name);
    auto text = DescribeDataset(**dataset, database_);
    if (!text) return text.error();
    return Json(*std::move(text));
  }

  // Of what whoever asks may know of.
  Result<Response> Lineage(const Caller& caller) {
    const auto models = catalog_.FindModels();
    if (!models) return models.error();
    const auto list = catalog_.List();
    if (!list) return list.error();
    std::set<std::string> names;
    const auto show = [&](const std::string& name) {
      if (caller.MayRead(name)) names.insert(name);
    };
    for (const DatasetConfig& config : *list) show(config.name);
    for (const auto& [name, reads] : (*models)->views) show(name);
    for (const auto& [name, model] : (*models)->models) show(name);  // broken ones too
    return Json(LineageJson(**models, &names));
  }

  Result<Response> OpenApi(const Caller& caller) {
    const auto list = catalog_.List();
    if (!list) return list.error();
    std::vector<std::shared_ptr<const Dataset>> datasets;
    for (const DatasetConfig& config : *list) {
      if ((config.needs_key && !caller.with_key) || !caller.MayRead(config.name)) continue;
      auto dataset = catalog_.Find(config.name);
      if (dataset && (caller.with_key || !(*dataset)->config.needs_key)) datasets.push_back(*std::move(dataset));
    }
    return Json(DescribeApi(options_.title, access_.anonymous(), datasets));
  }

  std::string Metrics() const {
    const ProductionCounters counters = productions_.counters();
    MetricsText text;
    const auto add = [&](const char* name, const char* help, std::uint64_t value) {
      text.Add(name, help, static_cast<double>(value));
    };
    add("eider_requests_total", "Requests handled", requests_);
    add("eider_queries_total", "Results produced by a query", counters.started);
    add("eider_results_shared_total", "Requests served from another request's result", counters.joined);
    add("eider_queries_running", "Queries running now", counters.running);
    add("eider_queries_waiting", "Queries waiting for their turn", counters.waiting);
    add("eider_results_kept", "Finished results kept", counters.kept);
    add("eider_spool_bytes", "Bytes of results on disk", counters.spool_bytes);
    AddLakeMetrics(catalog_.reads(), catalog_.cached(), text);
    std::string all = text.Take();
    if (options_.transport_metrics) all += options_.transport_metrics();
    return all;
  }

  Catalog& catalog_;
  Database& database_;
  Productions& productions_;
  const ServiceOptions options_;
  const Access access_;
  const std::shared_ptr<Admission> admission_ = Admission::Make();
  Receipts receipts_;
  const std::shared_ptr<Cancels> cancels_ = Cancels::Make();
  const std::unique_ptr<ResultSweeper> sweeper_;  // null: no results are written
  std::atomic<bool> invoked_{false};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::size_t> planning_{0};
  boost::asio::thread_pool planners_;  // last: its threads use all of the above
};

Service::Service(Catalog& catalog, Database& database, Productions& productions, ServiceOptions options)
    : core_(std::make_unique<Core>(catalog, database, productions, std::move(options))) {}
Service::~Service() = default;

void Service::Handle(Request request, Reply reply) { core_->Handle(std::move(request), std::move(reply)); }

}  // namespace eider
