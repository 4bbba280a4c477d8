// ModelFiles: the models of a lake, from the files in models/ and tests/ beside its configuration. A lake without
// models/ is asked for nothing but a listing. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "catalog/config.h"
#include "catalog/listings.h"
#include "catalog/lru.h"
#include "catalog/model.h"

namespace eider {

inline constexpr std::string_view kModelsFolder = "models/";

struct ModelContext {
  Database& database;
  std::string lake;                                // the store's name, with which a location may begin
  std::map<std::string, std::string> environment;  // the variables that models may read
};

class ModelFiles {
 public:
  using Pointer = std::shared_ptr<const Models>;

  // `listings` are of `store`; both must outlive this, as must the context's database.
  ModelFiles(ObjectStore& store, Listings& listings, ModelContext context);

  // As the files are now; read again when one of them has changed. `views` are those of eider.yaml, with which models
  // may make a ring; `root` is a listing of the store's root where one is at hand. A store that cannot be listed has no
  // models.
  Result<Pointer> Get(const CatalogConfig& config, const Call& call, const Listing* root = nullptr);

 private:
  Result<std::vector<ObjectInfo>> List(const std::string& folder, const Call& call);

  ObjectStore& store_;
  Listings& listings_;
  const ModelContext context_;
  Lru<Pointer> kept_;
};

// From the texts of the files, by key. Pure but for the database, which parses.
Models ReadModels(const std::map<std::string, std::string>& files, const CatalogConfig& config,
                  const ModelContext& context);

}  // namespace eider
