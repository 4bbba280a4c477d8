// Session: the parts of Eider put together over one lake, in the order in which they depend on each other.
#pragma once

#include <memory>

#include "api/service.h"
#include "catalog/catalog.h"
#include "cli/options.h"
#include "engine/database.h"
#include "engine/production.h"
#include "object/object_store.h"

namespace eider {

struct Lake {
  std::unique_ptr<ObjectStore> store;
  std::unique_ptr<ObjectStore> model_store;  // null: the lake's
  std::unique_ptr<Database> database;
  std::unique_ptr<Catalog> catalog;
};

struct Session : Lake {
  std::unique_ptr<ObjectStore> result_store;  // null: the lake's, or none
  std::unique_ptr<Productions> productions;
  std::shared_ptr<KeyRing> keys;
  std::unique_ptr<Service> service;
};

// The lake's own eider.yaml is read when it is first needed.
Result<Lake> OpenLake(const LakeOptions& options);

// What the service is to be, apart from the lake; time limit, results and title come from the options and the lake, and
// so do who is let in and the file of keys, where `base` and `keys_file` do not say. `keys_close`: where there may be
// an API key, requests without one are refused, unless the configuration lets them in.
Result<Session> OpenSession(const LakeOptions& options, const ServiceOptions& base = {},
                            const std::string& keys_file = {}, bool keys_close = false);

// kInvalid for a file that lies in the lake, where its readers could read it.
Status MustBeOutside(const LakeOptions& lake, const std::string& file, const std::string& option);

}  // namespace eider
