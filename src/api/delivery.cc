#include "api/delivery.h"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "api/access.h"
#include "api/spool_body.h"
#include "api/written_result.h"

namespace eider {
namespace {

const Error kLeft{ErrorKind::kCancelled, "the client has left", {}};

// Of an answer that has all that is read.
std::uint64_t ExpectedBytes(const PlanSummary& plan, Format format) {
  switch (format) {
    case Format::kParquet: return plan.bytes;
    case Format::kJson:
    case Format::kNdjson:
    case Format::kGeoJson: return plan.text_bytes + plan.name_bytes;
    default: return plan.text_bytes;
  }
}

}  // namespace

std::string ClientOf(const Request& request) {
  if (request.caller && !request.caller->key_id.empty()) return "key " + request.caller->key_id;
  return ClientOfAddress(request.peer);
}

Limits LimitsFor(const ServiceParts& parts, const Request& request) {
  const auto smaller = [](auto a, auto b) { return a == decltype(a){} ? b : b == decltype(b){} ? a : std::min(a, b); };
  const ClientLimits& own = request.caller->limits;
  Limits limits;
  limits.time = smaller(parts.options.time_limit, own.time);
  limits.bytes = smaller(parts.options.result_bytes, own.bytes);
  limits.rows = own.rows;
  limits.memory = own.memory;
  return limits;
}

Response DenyConcurrency(const Request& request) {
  Response refused = Deny(request, 429, "concurrency",
                          fmt::format("you may have {} answers under way at once; let one finish first",
                                      request.caller->limits.concurrency));
  refused.Set("Retry-After", "5");
  return refused;
}

SpoolEnd EndOf(const RunSummary& summary) {
  return {summary.rows,       summary.reads,           summary.read_bytes,
          summary.cache_hits, summary.plan.row_groups, summary.plan.row_groups_kept,
          summary.next};
}

Delivery::Delivery(const ServiceParts& parts, Request request, Reply reply)
    : parts_(parts), request_(std::move(request)), reply_(std::move(reply)) {}

void Delivery::Start() {
  auto status = Plan();
  if (!status && BeginsAnew(status.error())) status = Plan();
  if (!status) Refuse(status.error());
}

// An object was replaced under a read: while no byte has left, all is done once more with the lake as it is now.
bool Delivery::BeginsAnew(const Error& error) {
  if (error.kind != ErrorKind::kConflict || restarted_) return false;
  restarted_ = true;
  parts_.catalog.Refresh();
  return true;
}

// The client has left before its reply: a query that nobody else waits for is cancelled.
void Delivery::Abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  reader_ = Reader();
}

Status Delivery::Produce(const std::string& key, Statement statement, Coding coding, std::uint64_t begins) {
  return Produce(
      key,
      [&database = parts_.database, statement = std::move(statement), coding](Sink& sink, std::stop_token stop,
                                                                              const TellEnd& tell) -> Result<SpoolEnd> {
        const auto compressor = MakeCompressor(coding, sink);
        const auto summary = database.Run(statement, compressor ? *compressor : sink, std::move(stop),
                                          [&](const RunSummary& answer) { tell(EndOf(answer)); });
        if (!summary) return summary.error();
        return EndOf(*summary);
      },
      begins);
}

Status Delivery::ProduceLink(ResultName name, Statement statement, bool metadata) {
  if (parts_.options.results == nullptr) {
    return Invalid("this server writes no results; start it with --results AGE, such as 7d", "into");
  }
  written_ = std::make_shared<WrittenResult>();
  written_->link = MakeResultLink(std::move(name), parts_.options.wall_clock() + parts_.options.results_age,
                                  request_.caller->key_id);
  return Produce({}, WriteResult(parts_, std::move(statement), written_, metadata, began_), Spool::kUntilEnd);
}

Status Delivery::ProduceOrLink(const std::string& key, Statement statement, Coding coding, bool until_end,
                               ResultName name, bool all_rows) {
  longer_.reset();
  written_.reset();  // both of the attempt before
  std::uint64_t begins = until_end ? Spool::kUntilEnd : 0;
  const std::uint64_t room = request_.room_bytes;
  if (room != kAnyRoom && parts_.options.results != nullptr && request_.method != "HEAD") {
    offered_ = true;
    bool longer = room == 0;
    if (!longer && !until_end) {
      // Reads footers that the run is going to need.
      const auto cost = parts_.database.Estimate(statement, request_.client_left);
      if (!cost) return cost.error();
      if (ExpectedBytes(*cost, statement.format) > room) {
        begins = room;
        longer = all_rows && coding == Coding::kIdentity;
      }
    }
    if (longer) return ProduceLink(std::move(name), std::move(statement));
    if (until_end) begins = room;
    longer_ = Longer{std::move(name), statement};
  }
  return Produce(key, std::move(statement), coding, begins);
}

Response Delivery::AnswerOfLink(Reader reader, std::function<void(const BodyOutcome&)> ended) const {
  Response response;
  response.status = offered_ ? 303 : 201;
  response.Set("Content-Type", "application/json");
  response.Set("Cache-Control", "no-store");
  response.Set("Location", written_->link.Path());
  response.body =
      std::make_unique<SpoolBody>(std::move(reader), SpoolSpan(), /*digest=*/false,
                                  [slot = slot_, written = written_, ended = std::move(ended)](BodyOutcome outcome) {
                                    outcome.bytes = written->bytes;
                                    ended(outcome);
                                  });
  return response;
}

Status Delivery::Produce(const std::string& key, eider::Produce produce, std::uint64_t begins) {
  const ClientLimits& own = request_.caller->limits;
  if (request_.caller->limited) {
    slot_.reset();  // of the attempt before
    slot_ = parts_.admission.Begin(ClientOf(request_), own);
    if (!slot_) {
      Answer(DenyConcurrency(request_));
      return {};
    }
  }
  production_ = key;
  if (!key.empty() && (own.rows > 0 || own.bytes > 0 || own.memory > 0 || own.time.count() > 0)) {
    production_ += fmt::format("-{}-{}-{}-{}", own.rows, own.bytes, own.memory, own.time.count());
  }
  auto reader = parts_.productions.Join(production_, std::move(produce));
  if (!reader) return reader.error();
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return kLeft;
    reader_ = *std::move(reader);
  }
  if (!client_left_) {
    client_left_.emplace(request_.client_left, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        boost::asio::post(self->parts_.planners, [self] { self->Abandon(); });
      }
    });
  }
  const std::lock_guard lock(mutex_);
  if (abandoned_) return kLeft;
  // What the planners still owe keeps their pool, and all that it uses, until the production has begun or ended: one
  // that was cancelled ends when its query notices.
  reader_.spool().Wait(begins, [self = shared_from_this(), owed = boost::asio::make_work_guard(parts_.planners)] {
    boost::asio::post(self->parts_.planners, [self] { self->Ready(); });
  });
  return {};
}

// The first bytes are there, or the end, or an error that can still be told properly.
void Delivery::Ready() {
  Reader reader;
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return Refuse(kLeft);
    reader = std::move(reader_);
  }
  if (const auto error = reader.spool().state().error) {
    reader = Reader();
    return BeginsAnew(*error) ? Start() : Refuse(*error);
  }
  if (written_) return BeginLink(std::move(reader));
  if (longer_ && reader.spool().state().size_bytes > request_.room_bytes) {
    reader = Reader();  // ends the query, unless others read it
    auto longer = *std::exchange(longer_, std::nullopt);
    const auto status = ProduceLink(std::move(longer.name), std::move(longer.statement));
    if (!status) Refuse(status.error());
    return;
  }
  Begin(std::move(reader));
}

void Delivery::Refuse(const Error& error) { Answer(Problem(error, request_.id)); }

void Delivery::Answer(Response response) {
  const Reply reply = std::move(reply_);
  reply(std::move(response));
}

}  // namespace eider
