#include "api/delivery.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

#include "api/access.h"

namespace eider {
namespace {

const Error kLeft{ErrorKind::kCancelled, "the client has left", {}};

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

Status Delivery::Produce(const std::string& key, Statement statement, Coding coding, bool until_end) {
  return Produce(
      key,
      [&database = parts_.database, statement = std::move(statement), coding](
          Sink& sink, std::stop_token stop) -> Result<SpoolEnd> {
        const auto compressor = MakeCompressor(coding, sink);
        const auto summary = database.Run(statement, compressor ? *compressor : sink, std::move(stop));
        if (!summary) return summary.error();
        return EndOf(*summary);
      },
      until_end);
}

Status Delivery::Produce(const std::string& key, eider::Produce produce, bool until_end) {
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
  reader_.spool().Wait(until_end ? Spool::kUntilEnd : 0, [self = shared_from_this()] {
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
  Begin(std::move(reader));
}

void Delivery::Refuse(const Error& error) { Answer(Problem(error, request_.id)); }

void Delivery::Answer(Response response) {
  const Reply reply = std::move(reply_);
  reply(std::move(response));
}

}  // namespace eider
