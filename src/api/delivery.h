// Delivery: one request whose answer a production makes, from the plan to a response that can begin. What every such
// request shares stands here: its share of the production, the wait for the first byte, a client that leaves before,
// and one new start when an object was replaced under the read. What it asks, and how it is answered, say the kinds.
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
#include "api/service.h"
#include "catalog/catalog.h"
#include "engine/compress.h"
#include "engine/production.h"

namespace eider {

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

  virtual void Refuse(const Error& error);

  // Runs the statement for this request and for who asks the same under the same limits of their own, which decide
  // whether the answer is an error; an empty key is shared with nobody. `until_end`: Begin waits for the end, and an
  // error anywhere is told properly.
  Status Produce(const std::string& key, Statement statement, Coding coding, bool until_end);
  Status Produce(const std::string& key, eider::Produce produce, bool until_end);

  void Answer(Response response);

  // What Produce made of its key.
  const std::string& production() const { return production_; }

  const ServiceParts parts_;
  const Request request_;
  Admission::Slot slot_;  // of the client; whoever answers with a body keeps it until that ends

 private:
  bool BeginsAnew(const Error& error);
  void Abandon();
  void Ready();

  Reply reply_;
  std::string production_;
  std::mutex mutex_;  // guards the two below: Abandon may come at any time
  Reader reader_;     // until the response begins
  bool abandoned_ = false;
  std::optional<std::stop_callback<std::function<void()>>> client_left_;
  bool restarted_ = false;
};

}  // namespace eider
