// Delivery: one request whose answer a production makes, from the plan to a response that can begin. What every such
// request shares stands here: its share of the production, the wait for the first byte, a client that leaves before,
// one new start when an object was replaced under the read, and the link to an answer that the transport has no room
// for. What it asks, and how it is answered, say the kinds.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/admission.h"
#include "api/cancels.h"
#include "api/http.h"
#include "api/receipts.h"
#include "api/result_link.h"
#include "api/service.h"
#include "catalog/catalog.h"
#include "engine/compress.h"
#include "engine/production.h"

namespace eider {

struct BodyOutcome;
struct WrittenResult;

// What every request's handling shares. Borrowed; outlives the deliveries.
struct ServiceParts {
  Catalog& catalog;
  Database& database;
  Productions& productions;
  Receipts& receipts;
  Cancels& cancels;
  boost::asio::thread_pool& planners;
  const ServiceOptions& options;
  Admission& admission;
};

// Who is limited: a key, else an address.
std::string ClientOf(const Request& request);

// The limits of the service and of whoever asks, the smaller of each.
Limits LimitsFor(const ServiceParts& parts, const Request& request);

// The refusal of a client that has as many answers under way as it may.
Response DenyConcurrency(const Request& request);

// What is kept of a run beside its bytes.
SpoolEnd EndOf(const RunSummary& summary);

// Held by whoever works on it: a planner's thread, or the wait for its production. Replies exactly once.
class Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  Delivery(const ServiceParts& parts, Request request, Reply reply);
  virtual ~Delivery() = default;

  // On a planner's thread.
  void Start();

 protected:
  // All before the production: ends in Produce, in Answer, or in an error. Called again for a new start.
  virtual Status Plan() = 0;

  // The first bytes are there, or the end; it ends in Answer. On a planner's thread.
  virtual void Begin(Reader reader) = 0;

  // What was produced is the text that tells where the answer lies; it ends in Answer. On a planner's thread.
  virtual void BeginLink(Reader reader) = 0;

  virtual void Refuse(const Error& error);

  // Runs the statement for this request and for who asks the same under the same limits of their own, which decide
  // whether the answer is an error; an empty key is shared with nobody. Begin waits until there are bytes behind
  // `begins`; with Spool::kUntilEnd an error anywhere is told properly.
  Status Produce(const std::string& key, Statement statement, Coding coding, std::uint64_t begins);
  Status Produce(const std::string& key, eider::Produce produce, std::uint64_t begins);

  // Writes the answer into the results, and has BeginLink tell where. kInvalid where none may be written.
  Status ProduceLink(ResultName name, Statement statement, bool metadata = false);

  // Produce, or ProduceLink for what is longer than the transport has room for: by the estimate where `all_rows` that
  // are read are in the answer, and else once it is known. Begin waits for that where the estimate is longer.
  Status ProduceOrLink(const std::string& key, Statement statement, Coding coding, bool until_end, ResultName name,
                       bool all_rows);

  void Answer(Response response);

  // To a link, 201 where it was asked for and 303 where it stands for the answer; `ended` hears of its body, which is
  // the text.
  Response AnswerOfLink(Reader reader, std::function<void(const BodyOutcome&)> ended) const;
  const std::shared_ptr<WrittenResult>& written() const { return written_; }

  // What Produce made of its key.
  const std::string& production() const { return production_; }

  const ServiceParts parts_;
  const Request request_;
  Admission::Slot slot_;  // of the client; whoever answers with a body keeps it until that ends

 private:
  // What is written if the answer turns out to be too long.
  struct Longer {
    ResultName name;
    Statement statement;
  };

  bool BeginsAnew(const Error& error);
  void Abandon();
  void Ready();

  Reply reply_;
  std::string production_;
  const SteadyTime began_ = SystemSteadyClock()();
  std::optional<Longer> longer_;
  bool offered_ = false;                    // a link was not asked for
  std::shared_ptr<WrittenResult> written_;  // not null: BeginLink follows
  std::mutex mutex_;                        // guards the two below: Abandon may come at any time
  Reader reader_;                           // until the response begins
  bool abandoned_ = false;
  std::optional<std::stop_callback<std::function<void()>>> client_left_;
  bool restarted_ = false;
};

}  // namespace eider
