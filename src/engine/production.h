// Productions: one run of a query for all equal requests. A production is keyed by what its bytes depend on (sources,
// normalised request, encoder); requests that come while it runs join it, later ones are served from its spool until
// it is evicted. The last reader to leave an unfinished production cancels its query.
// Few queries run at once, more wait, more than that are refused: kUnavailable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/spool.h"

namespace eider {

struct ProductionOptions {
  std::string spool_folder = "/tmp";
  std::uint64_t spool_bytes = 8ULL << 30;  // on disk, all spools together
  std::size_t kept_results = 1000;         // finished spools kept for the next equal request
  int running = 2;                         // queries at once
  std::size_t waiting = 1000;              // queries that wait for their turn
};

// Runs a query into the sink; called once on a thread of Productions. It must end soon after a requested stop. It may
// tell the end itself, once the sink has all: readers then wait for nothing more, and what it answers is not looked at.
using TellEnd = std::function<void(const SpoolEnd& end)>;  // any thread
using Produce = std::function<Result<SpoolEnd>(Sink& sink, std::stop_token stop, const TellEnd& tell)>;

class Productions;

// One reader's share of a production. Movable; thread-compatible.
class Reader {
 public:
  Reader() = default;
  Reader(Reader&& other) noexcept = default;
  Reader& operator=(Reader&& other) noexcept;
  ~Reader() { Leave(); }

  Spool& spool() const;
  bool joined() const { return joined_; }  // someone else's run served this

 private:
  friend class Productions;
  struct Production;
  Reader(std::shared_ptr<Production> production, bool joined) : production_(std::move(production)), joined_(joined) {}
  void Leave();

  std::shared_ptr<Production> production_;
  bool joined_ = false;
};

struct ProductionCounters {
  std::uint64_t started = 0;
  std::uint64_t joined = 0;
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
  std::uint64_t kept = 0;
  std::uint64_t spool_bytes = 0;
};

// Thread-safe.
class Productions {
 public:
  explicit Productions(ProductionOptions options);
  // Cancels what still runs and waits for it. All Readers must be gone.
  ~Productions();

  // The production of `key`, begun with `produce` unless there is one. An empty key is never shared.
  Result<Reader> Join(const std::string& key, Produce produce);

  // The finished or running production of `key`, without beginning one.
  std::optional<Reader> Peek(const std::string& key);

  ProductionCounters counters() const;

  // Waits until no query runs or waits; false when one still does at `until`.
  bool WaitUntilIdle(SteadyTime until);

 private:
  friend class Reader;
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace eider
