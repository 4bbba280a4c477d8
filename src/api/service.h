// Service: every route of Eider over HTTP, whatever transport brought the request.
// Handle returns at once; listing, planning and small queries happen on the service's own few threads, results are
// produced by Productions, and a reply is given when the response can begin.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/admission.h"
#include "api/http.h"
#include "api/key_ring.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "engine/database.h"
#include "engine/production.h"
#include "object/object_store.h"

namespace eider {

struct ServiceOptions {
  std::chrono::milliseconds time_limit{10 * 60 * 1000};  // for one query, its wait for a turn apart
  std::uint64_t result_bytes = 0;                        // of one result before compression; 0: no limit
  std::string cache_control = "no-cache";                // kept by caches, but asked again each time: ETags are cheap
  std::string title = "Eider";
  int planners = 4;                                // threads that list, describe and plan
  std::size_t planning = 2000;                     // requests that wait for them; more are refused
  ClientLimits client_limits;                      // of each key or address, where the configuration says nothing else
  ObjectStore* results = nullptr;                  // where answers may be written ("into"); null: nowhere
  std::chrono::seconds results_age{0};             // how long they are kept there
  bool sweep_results = true;                       // a thread removes those that have ended; else who writes one does
  bool mask_values = false;                        // the log shows which filters were used, not their values
  bool trusted = false;                            // the caller is the operator: no keys, no limits of clients
  bool anonymous = true;                           // requests without a key are answered; /readyz and the page always
  std::shared_ptr<KeyRing> keys;                   // null: those of the configuration alone
  SteadyClock steady_clock = SystemSteadyClock();  // for rates
  WallClock wall_clock = SystemWallClock();        // for keys and results that expire
  std::function<std::string()> transport_metrics;  // the transport's lines for /metrics, or empty
};

class Service final : public Handler {
 public:
  // All three must outlive the service.
  Service(Catalog& catalog, Database& database, Productions& productions, ServiceOptions options);
  // Waits for the planners; replies that are still owed are given as kCancelled.
  ~Service() override;

  void Handle(Request request, Reply reply) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace eider
