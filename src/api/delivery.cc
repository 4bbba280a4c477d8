#include "api/delivery.h"

#include <boost/asio/post.hpp>

namespace eider {
namespace {

const Error kLeft{ErrorKind::kCancelled, "the client has left", {}};

}  // namespace

std::string ClientOf(const Request& request) {
  return request.principal.empty() ? request.peer : "key " + request.principal;
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
  if (!parts_.options.trusted) {
    slot_ = parts_.admission.Begin(ClientOf(request_));
    if (!slot_) {
      Response refused =
          Problem(429, StatusTitle(429), "too many downloads at once; let one finish first", "", request_.id);
      refused.Set("Retry-After", "5");
      Answer(std::move(refused));
      return {};
    }
  }
  auto reader = parts_.productions.Join(
      key,
      [&database = parts_.database, statement = std::move(statement), coding](
          Sink& sink, std::stop_token stop) -> Result<SpoolEnd> {
        const auto compressor = MakeCompressor(coding, sink);
        const auto summary = database.Run(statement, compressor ? *compressor : sink, std::move(stop));
        if (!summary) return summary.error();
        return SpoolEnd{summary->rows,       summary->reads,           summary->read_bytes,
                        summary->cache_hits, summary->plan.row_groups, summary->plan.row_groups_kept};
      });
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
