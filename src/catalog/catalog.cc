#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalog/glob.h"
#include "catalog/keys.h"
#include "catalog/listings.h"
#include "catalog/open_dataset.h"
#include "catalog/single_flight.h"
#include "catalog/sources.h"

namespace eider {
namespace {

// Opened datasets kept by their version; each holds its columns and a list of its objects.
constexpr std::size_t kKeptDatasets = 256;

class LakeCatalog final : public Catalog {
 public:
  LakeCatalog(ObjectStore& store, Database& database, const CatalogOptions& options)
      : store_(store),
        database_(database),
        listings_(store, options.listing_age, options.clock),
        opened_(kKeptDatasets) {}

  Result<std::vector<DatasetConfig>> List(const Call& call) override {
    std::map<std::string, DatasetConfig> datasets;
    const auto root = listings_.Get("", /*recursive=*/false, call);
    if (!root) return root.error();
    for (const std::string& name : DiscoverNames(**root)) datasets[name].name = name;
    std::vector<DatasetConfig> list;
    for (auto& [name, config] : datasets) list.push_back(std::move(config));
    return list;
  }

  Result<std::shared_ptr<const Dataset>> Find(const std::string& name, const Call& call) override {
    if (!IsDatasetName(name)) {
      return NotFound("a dataset's name is 1 to 100 letters, digits, '_' and '-'");
    }
    DatasetConfig config;
    config.name = name;
    auto sources = FindSources(config, store_, listings_, call);
    if (!sources) {
      return sources.error().kind == ErrorKind::kNotFound ? NotFoundWithNearest(name, sources.error(), call)
                                                          : sources.error();
    }
    const std::string version = InputVersion(config, *sources);
    if (auto kept = opened_.Get(version)) return *kept;
    return flights_.Do(version, call, [&]() -> Result<std::shared_ptr<const Dataset>> {
      if (auto kept = opened_.Get(version)) return *kept;
      auto dataset = OpenDataset(config, *std::move(sources), store_, database_, schemas_, call);
      if (dataset) opened_.Put(version, *dataset);
      return dataset;
    });
  }

  void Refresh() override { listings_.Forget(); }

 private:
  Error NotFoundWithNearest(const std::string& name, const Error& error, const Call& call) {
    std::vector<std::string> names;
    if (const auto datasets = List(call)) {
      for (const DatasetConfig& config : *datasets) {
        if (config.name != name) names.push_back(config.name);
      }
    }
    return NotFound(error.message + "." + DidYouMean(name, names));
  }

  ObjectStore& store_;
  Database& database_;
  Listings listings_;
  ObjectSchemas schemas_;
  Lru<std::shared_ptr<const Dataset>> opened_;
  SingleFlight<std::shared_ptr<const Dataset>> flights_;
};

}  // namespace

Result<std::unique_ptr<Catalog>> Catalog::Open(ObjectStore& store, Database& database, CatalogOptions options) {
  return std::unique_ptr<Catalog>(std::make_unique<LakeCatalog>(store, database, options));
}

std::string_view ConfigSchema() { return "{}"; }

}  // namespace eider
