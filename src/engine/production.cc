#include "engine/production.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <list>
#include <unordered_map>
#include <utility>

namespace eider {

struct Reader::Production {
  Production(std::string key_, const std::string& folder, SpoolQuota& quota, std::function<bool()> make_room)
      : key(std::move(key_)), spool(folder, quota, std::move(make_room)) {}

  const std::string key;
  Spool spool;
  std::stop_source stop;
  std::function<void(Production&)> leave;  // Pool::Leave; empty once the pool is gone
  int readers = 0;                         // guarded by the pool's mutex
  bool ended = false;                      // likewise
};

// The map of productions, the threads that run them, and the finished ones in the order of their last use.
class Productions::Pool {
 public:
  using Production = Reader::Production;

  explicit Pool(ProductionOptions options)
      : options_(std::move(options)),
        quota_(options_.spool_bytes),
        threads_(static_cast<std::size_t>(options_.running)) {}

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      for (auto& [key, production] : live_) production->stop.request_stop();
    }
    threads_.join();
  }

  Result<Reader> Join(const std::string& key, Produce produce) {
    std::unique_lock lock(mutex_);
    if (auto found = Find(key)) {
      ++counters_.joined;
      ++found->readers;
      return Reader(std::move(found), true);
    }
    if (counters_.waiting >= options_.waiting) {
      return Error{ErrorKind::kUnavailable,
                   fmt::format("{} queries wait for their turn already; retry in some seconds", counters_.waiting),
                   {}};
    }
    auto production = std::make_shared<Production>(key, options_.spool_folder, quota_, [this] { return EvictOne(); });
    production->readers = 1;
    production->leave = [this](Production& left) { Leave(left); };
    const std::string name = key.empty() ? fmt::format("#{}", counters_.started) : key;
    live_[name] = production;
    ++counters_.started;
    ++counters_.waiting;
    ++unfinished_;
    lock.unlock();
    boost::asio::post(threads_,
                      [this, name, production, produce = std::move(produce)] { Run(name, production, produce); });
    return Reader(std::move(production), false);
  }

  std::optional<Reader> Peek(const std::string& key) {
    const std::lock_guard lock(mutex_);
    auto found = Find(key);
    if (!found) return std::nullopt;
    ++found->readers;
    return Reader(std::move(found), true);
  }

  ProductionCounters counters() const {
    const std::lock_guard lock(mutex_);
    ProductionCounters counters = counters_;
    counters.kept = kept_.size();
    counters.spool_bytes = quota_.used_bytes();
    return counters;
  }

  bool WaitUntilIdle(SteadyTime until) {
    std::unique_lock lock(mutex_);
    return idle_.wait_until(lock, until, [&] { return unfinished_ == 0; });
  }

 private:
  std::shared_ptr<Production> Find(const std::string& key) {
    if (key.empty()) return nullptr;
    if (const auto live = live_.find(key); live != live_.end() && !live->second->stop.stop_requested()) {
      return live->second;
    }
    const auto kept = kept_index_.find(key);
    if (kept == kept_index_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, kept->second);
    return kept_.front();
  }

  void Run(const std::string& name, const std::shared_ptr<Production>& production, const Produce& produce) {
    {
      const std::lock_guard lock(mutex_);
      --counters_.waiting;
      ++counters_.running;
    }
    const std::stop_token stop = production->stop.get_token();
    Result<SpoolEnd> end = Error{ErrorKind::kCancelled, "cancelled: its last reader left", {}};
    if (!stop.stop_requested()) {
      end = produce(production->spool, stop, [&](const SpoolEnd& told) { End(name, production, told); });
    }
    End(name, production, end);
    const std::lock_guard lock(mutex_);
    if (--unfinished_ == 0) idle_.notify_all();
  }

  // The first end stands.
  void End(const std::string& name, const std::shared_ptr<Production>& production, const Result<SpoolEnd>& end) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(production->ended, true)) return;
      --counters_.running;
      if (const auto live = live_.find(name); live != live_.end() && live->second == production) live_.erase(live);
      if (end && !production->key.empty()) Keep(production);
    }
    // Readers are woken last: one who asks again at once finds the kept result.
    if (end) {
      production->spool.Finish(*end);
    } else {
      production->spool.Fail(end.error());
    }
  }

  void Keep(const std::shared_ptr<Production>& production) {
    if (kept_index_.contains(production->key)) return;
    kept_.push_front(production);
    kept_index_[production->key] = kept_.begin();
    if (kept_.size() > options_.kept_results) Drop(std::prev(kept_.end()));
  }

  void Drop(std::list<std::shared_ptr<Production>>::iterator it) {
    kept_index_.erase((*it)->key);
    kept_.erase(it);
  }

  // Frees the finished result that was used longest ago and that nobody reads.
  bool EvictOne() {
    std::shared_ptr<Production> evicted;  // its file is closed outside the lock
    const std::lock_guard lock(mutex_);
    for (auto it = kept_.end(); it != kept_.begin();) {
      --it;
      if ((*it)->readers == 0) {
        evicted = *it;
        Drop(it);
        return true;
      }
    }
    return false;
  }

  void Leave(Production& production) {
    const std::lock_guard lock(mutex_);
    if (--production.readers == 0 && !production.ended) production.stop.request_stop();
  }

  const ProductionOptions options_;
  SpoolQuota quota_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Production>> live_;
  std::list<std::shared_ptr<Production>> kept_;  // most recently used first
  std::unordered_map<std::string, std::list<std::shared_ptr<Production>>::iterator> kept_index_;
  ProductionCounters counters_;
  std::size_t unfinished_ = 0;  // until the last thing that Run does
  std::condition_variable idle_;
  boost::asio::thread_pool threads_;  // last: its threads use all of the above
};

Reader& Reader::operator=(Reader&& other) noexcept {
  if (this != &other) {
    Leave();
    production_ = std::move(other.production_);
    joined_ = other.joined_;
  }
  return *this;
}

void Reader::Leave() {
  if (!production_) return;
  production_->leave(*production_);
  production_.reset();
}

Spool& Reader::spool() const { return production_->spool; }

Productions::Productions(ProductionOptions options) : pool_(std::make_unique<Pool>(std::move(options))) {}
Productions::~Productions() = default;

Result<Reader> Productions::Join(const std::string& key, Produce produce) {
  return pool_->Join(key, std::move(produce));
}

std::optional<Reader> Productions::Peek(const std::string& key) { return pool_->Peek(key); }

ProductionCounters Productions::counters() const { return pool_->counters(); }

bool Productions::WaitUntilIdle(SteadyTime until) { return pool_->WaitUntilIdle(until); }

}  // namespace eider
