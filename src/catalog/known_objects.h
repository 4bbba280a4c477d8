// KnownObjects: objects that are asked for by their keys, and looked up again as listings are. One that was seen before
// costs one conditional request; a remote Parquet object's last bytes come with the first, for they are the next thing
// that anyone reads, and a suffix GET says what a HEAD would. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "catalog/lru.h"
#include "catalog/single_flight.h"
#include "object/object_store.h"

namespace eider {

struct KnownObject {
  ObjectInfo info;
  std::shared_ptr<const std::string> tail;  // null where it was not fetched, as when nothing has changed
};

class KnownObjects {
 public:
  // `store` must outlive this. With an age of 0 each Get asks the store.
  KnownObjects(ObjectStore& store, std::chrono::milliseconds age, SteadyClock clock);

  // The store's kNotFound when there is no such object.
  Result<KnownObject> Get(const std::string& key, const Call& call);

  // The next Get of each asks anew.
  void Forget() { kept_.Clear(); }

  const ObjectStore& store() const { return store_; }

 private:
  struct Entry {
    ObjectInfo info;
    SteadyTime seen;
  };

  Result<KnownObject> Revalidate(const ObjectInfo& known, const Call& call);
  Result<KnownObject> LookUp(const std::string& key, const std::string& known_etag, const Call& call);

  ObjectStore& store_;
  const std::chrono::milliseconds age_;
  const SteadyClock clock_;
  Lru<Entry> kept_;
  SingleFlight<KnownObject> flights_;
};

}  // namespace eider
