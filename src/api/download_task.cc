#include "api/download_task.h"

#include <fmt/format.h>

#include "api/access.h"
#include "api/negotiate.h"
#include "api/spool_body.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "download/dry_run.h"
#include "download/format.h"
#include "download/statement.h"

namespace eider {
namespace {

// "origin=JFK&_limit=5" -> "origin=*&_limit=5": values of filters may be personal, Eider's own parameters are not.
std::string Masked(std::string_view query) {
  std::vector<std::string> items = Split(query, '&');
  for (std::string& item : items) {
    if (const auto equals = item.find('='); equals != std::string::npos && !item.starts_with('_')) {
      item = item.substr(0, equals + 1) + "*";
    }
  }
  return Join(items, "&");
}

class DownloadTask final : public Delivery {
 public:
  DownloadTask(const ServiceParts& parts, Request request, std::string dataset, Format format, Reply reply)
      : Delivery(parts, std::move(request), std::move(reply)), name_(std::move(dataset)), format_(format) {}

 private:
  // Everything before a query runs: 304, receipts and dry runs end here.
  Status Plan() override {
    auto dataset = parts_.catalog.Find(name_);
    if (!dataset) return dataset.error();
    dataset_ = *std::move(dataset);
    // A view of what needs a key; a dataset that needs one itself was refused before it was looked for.
    if (dataset_->config.needs_key && !request_.caller->with_key) {
      Answer(DenyDataset(request_, name_));
      return {};
    }
    auto parameters = ParseQueryString(request_.query);
    if (!parameters) return parameters.error();
    auto download = ParseDownload(*dataset_, format_, *parameters, parts_.database);
    if (!download) return download.error();
    download_ = *std::move(download);
    coding_ = CodingFor(format_, request_.Find("Accept-Encoding"));
    key_ = Sha256Hex(fmt::format("{}\n{}\n{}\n{}", dataset_->version, Normalised(*dataset_, download_),
                                 EncoderVersion(), CodingName(coding_)))
               .substr(0, 32);
    // Rows in any order are another sequence of bytes each time they are produced: the validator is weak.
    changing_ = download_.any_order || dataset_->source == SourceFormat::kView;
    etag_ = fmt::format("{}\"{}\"", changing_ ? "W/" : "", key_);

    if (!download_.receipt.empty()) return AnswerReceipt();
    if (MatchesAny(request_.Find("If-None-Match"), etag_)) {
      Response response = Head(304);
      Answer(std::move(response));
      return {};
    }
    auto statement = MakeDownload(*dataset_, download_);
    if (!statement) return statement.error();
    statement->limits = LimitsFor(parts_, request_);
    if (download_.dry_run) return AnswerDryRun();
    if (auto status = FindNextPage(); !status) return status;
    return ProduceRows(*std::move(statement));
  }

  Status FindNextPage() {
    const auto page_end = MakePageEnd(*dataset_, download_);
    if (!page_end) return page_end.error();
    if (!*page_end) return {};
    Statement statement = **page_end;
    const Limits limits = LimitsFor(parts_, request_);
    statement.limits.time = limits.time;
    statement.limits.memory = limits.memory;
    const auto table = parts_.database.Query(statement);
    if (!table) return table.error();
    const std::string token = PageToken(*dataset_, download_, *table);
    if (token.empty()) return {};
    std::string query;
    for (const std::string& item : Split(request_.query, '&')) {
      if (!item.empty() && !item.starts_with("_after=")) query += item + "&";
    }
    link_ = fmt::format("<{}?{}_after={}>; rel=\"next\"", request_.path, query, token);
    return {};
  }

  Status ProduceRows(Statement statement) {
    if (!changing_) range_ = ParseRange(request_.Find("Range"));
    if (const auto condition = request_.Find("If-Range"); range_ && !condition.empty() && condition != etag_) {
      range_.reset();
    }
    // A range and a HEAD state the whole length, so they wait for the end; the spool makes the rows wait for nobody.
    // So does a sheet, which is of no use before its end: what XLSX cannot hold is then told properly.
    const bool whole = range_ || request_.method == "HEAD" || format_ == Format::kXlsx;
    // A range is of an answer that was begun, and was no link.
    if (range_) return Produce(key_, std::move(statement), coding_, Spool::kUntilEnd);
    return ProduceOrLink(key_, std::move(statement), coding_, whole, {dataset_->config.name, format_}, HasAllRows());
  }

  // Of the row groups that are read.
  bool HasAllRows() const {
    return dataset_->source != SourceFormat::kView && download_.filters.empty() && !download_.limit &&
           download_.after.empty() && !download_.count;
  }

  void BeginLink(Reader reader) override {
    Response response = AnswerOfLink(
        std::move(reader),
        [id = request_.id, principal = request_.caller->name, dataset = dataset_, begun = begun_,
         query = ShownQuery()](const BodyOutcome& outcome) { Record(id, principal, *dataset, begun, query, outcome); });
    if (!link_.empty()) response.Set("Link", link_);
    Answer(std::move(response));
  }

  std::string ShownQuery() const { return parts_.options.mask_values ? Masked(request_.query) : request_.query; }

  void Begin(Reader reader) override {
    const Spool::State state = reader.spool().state();
    SpoolSpan span;
    Response response = Head(200);
    if (range_) {
      const auto resolved = Resolve(*range_, state.size_bytes);
      if (!resolved) {
        response =
            Problem(416, StatusTitle(416), fmt::format("the result has {} bytes", state.size_bytes), "", request_.id);
        response.Set("Content-Range", fmt::format("bytes */{}", state.size_bytes));
        return Answer(std::move(response));
      }
      span = {resolved->first, resolved->second};
      response.status = 206;
      response.Set("Content-Range", fmt::format("bytes {}-{}/{}", span.begin, span.end - 1, state.size_bytes));
    }
    response.want_trailers = HasToken(request_.Find("TE"), "trailers");
    const bool digest = response.want_trailers;
    response.body = std::make_unique<SpoolBody>(
        std::move(reader), span, digest,
        [slot = slot_, principal = request_.caller->name, &receipts = parts_.receipts, id = request_.id,
         key = production(), span, dataset = dataset_, begun = begun_,
         query = ShownQuery()](const BodyOutcome& outcome) {
          Record(id, principal, *dataset, begun, query, outcome);
          if (outcome.kind != BodyOutcome::Kind::kComplete) return;
          receipts.Put(id, {key, span.begin, outcome.bytes, outcome.end.rows, outcome.digest_sha256});
        });
    Answer(std::move(response));
  }

  static void Record(const std::string& id, const std::string& principal, const Dataset& dataset, SteadyTime begun,
                     const std::string& query, const BodyOutcome& outcome) {
    static constexpr const char* kOutcomes[] = {"complete", "error", "client_left"};
    const double ms = std::chrono::duration<double, std::milli>(SystemSteadyClock()() - begun).count();
    Log(LogLevel::kInfo, "download",
        {{"id", std::string_view(id)},
         {"principal", std::string_view(principal)},
         {"dataset", std::string_view(dataset.config.name)},
         {"query", std::string_view(query)},
         {"outcome", std::string_view(kOutcomes[static_cast<int>(outcome.kind)])},
         {"rows", static_cast<std::int64_t>(outcome.end.rows)},
         {"bytes", static_cast<std::int64_t>(outcome.bytes)},
         {"objects", static_cast<std::int64_t>(dataset.snapshot->objects().size())},
         {"requests", static_cast<std::int64_t>(outcome.end.reads)},
         {"read_bytes", static_cast<std::int64_t>(outcome.end.read_bytes)},
         {"ms", ms}});
  }

  Status AnswerReceipt() {
    auto receipt = parts_.receipts.Find(download_.receipt);
    if (!receipt) {
      return NotFound(
          fmt::format("no receipt for '{}': the download did not finish, or it was too long ago", download_.receipt));
    }
    if (receipt->digest_sha256.empty()) {
      const auto reader = parts_.productions.Peek(receipt->production);
      if (!reader) return NotFound("the bytes of that download are no longer kept, so its digest cannot be computed");
      auto digest = DigestOf(reader->spool(), receipt->begin, receipt->bytes);
      if (!digest) return digest.error();
      receipt->digest_sha256 = *std::move(digest);
      parts_.receipts.Put(download_.receipt, *receipt);
    }
    Response response;
    response.Set("Content-Type", "application/json");
    response.Set("Cache-Control", "no-store");
    response.Set("Eider-Rows", std::to_string(receipt->rows));
    const std::string digest = fmt::format("sha-256=:{}:", Base64(receipt->digest_sha256));
    response.text = fmt::format("{{\"request_id\":{},\"rows\":{},\"bytes\":{},\"content_digest\":{}}}\n",
                                JsonQuote(download_.receipt), receipt->rows, receipt->bytes, JsonQuote(digest));
    Answer(std::move(response));
    return {};
  }

  static Result<std::string> DigestOf(const Spool& spool, std::uint64_t at, std::uint64_t bytes) {
    Sha256 sha;
    std::string buffer(256 * 1024, '\0');
    while (bytes > 0) {
      const auto n = spool.Read(at, std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), bytes)));
      if (!n) return n.error();
      if (*n == 0) return Internal("a kept result is shorter than what was delivered of it");
      sha.Update(std::span(buffer).first(*n));
      at += *n;
      bytes -= *n;
    }
    return sha.Finish();
  }

  Status AnswerDryRun() {
    auto text = DryRun(*dataset_, download_, parts_.database, parts_.catalog.lake().prices);
    if (!text) return text.error();
    Response response;
    response.Set("Content-Type", "application/json");
    response.Set("Cache-Control", "no-store");
    response.text = *std::move(text);
    Answer(std::move(response));
    return {};
  }

  // The headers of a 200, 206 or 304.
  Response Head(int status) const {
    const FormatInfo& info = InfoOf(format_);
    Response response;
    response.status = status;
    response.Set("ETag", etag_);
    if (dataset_->snapshot->newest() != WallTime{})
      response.Set("Last-Modified", HttpDate(dataset_->snapshot->newest()));
    const std::string& configured = dataset_->config.cache_control;
    // A cache that many share must not answer who has no key.
    const bool keyed = dataset_->config.needs_key || !parts_.options.anonymous;
    const std::string shared = configured.empty() ? parts_.options.cache_control : configured;
    response.Set("Cache-Control", keyed ? "private, no-cache" : shared);
    response.Set("Vary", keyed ? "Accept, Accept-Encoding, Authorization, X-Api-Key" : "Accept, Accept-Encoding");
    if (!link_.empty()) response.Set("Link", link_);
    if (status == 304) return response;
    response.Set("Content-Type", std::string(info.media_type));
    response.Set("Content-Disposition", fmt::format("{}; filename=\"{}.{}\"", download_.view ? "inline" : "attachment",
                                                    dataset_->config.name, info.extension));
    if (coding_ != Coding::kIdentity) response.Set("Content-Encoding", CodingName(coding_));
    response.Set("Accept-Ranges", changing_ ? "none" : "bytes");
    if (format_ == Format::kCsv || format_ == Format::kTsv) response.Set("Eider-Null", "an empty field without quotes");
    return response;
  }

  const std::string name_;
  const Format format_;
  const SteadyTime begun_ = SystemSteadyClock()();
  std::shared_ptr<const Dataset> dataset_;
  DownloadRequest download_;
  Coding coding_ = Coding::kIdentity;
  std::string key_;
  std::string etag_;
  bool changing_ = false;  // bytes of one ETag may differ
  std::string link_;
  std::optional<RangeRequest> range_;
};

}  // namespace

void StartDownload(const ServiceParts& parts, Request request, std::string dataset, Format format, Reply reply) {
  std::make_shared<DownloadTask>(parts, std::move(request), std::move(dataset), format, std::move(reply))->Start();
}

}  // namespace eider
