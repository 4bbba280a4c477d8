// Listings: what a lake holds below a prefix, kept for a while. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "catalog/lru.h"
#include "catalog/single_flight.h"
#include "object/object_store.h"

namespace eider {

struct Listing {
  std::vector<ObjectInfo> objects;    // in byte order of their keys
  std::vector<std::string> prefixes;  // of a listing that is not recursive, each ending in '/'
};

class Listings {
 public:
  using Pointer = std::shared_ptr<const Listing>;

  // `store` must outlive this. With an age of 0 each Get asks the store.
  Listings(ObjectStore& store, std::chrono::milliseconds age, SteadyClock clock);

  // All pages. Callers that ask at the same time share one listing when listings are kept at all; with an age of 0
  // they do not, so that a Get never answers with what was listed before it was called.
  Result<Pointer> Get(const std::string& prefix, bool recursive, const Call& call);

  // The kept listing when it is young enough, else null; asks nothing.
  Pointer Kept(const std::string& prefix, bool recursive);

  void Forget();

 private:
  struct Entry {
    Pointer listing;
    SteadyTime made;
  };

  Result<Pointer> List(const std::string& prefix, bool recursive, const Call& call);

  ObjectStore& store_;
  const std::chrono::milliseconds age_;
  const SteadyClock clock_;
  std::atomic<std::uint64_t> generation_{0};  // a listing begun before Forget is not kept after it
  Lru<Entry> kept_;
  SingleFlight<Pointer> flights_;
};

}  // namespace eider
