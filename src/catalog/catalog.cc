#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalog/config.h"
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

// An eider.yaml is written by hand; more than this is something else.
constexpr std::uint64_t kMaxConfigBytes = 4ULL << 20;

// The text of the configuration, from the options or the lake; nullopt when there is none.
Result<std::optional<std::string>> ReadConfig(ObjectStore& store, const CatalogOptions& options) {
  if (options.config_yaml) return options.config_yaml;
  auto text = GetAll(store, "eider.yaml", kMaxConfigBytes);
  if (text) return std::optional(*std::move(text));
  if (text.error().kind == ErrorKind::kNotFound) return std::optional<std::string>();
  return text.error();
}

class LakeCatalog final : public Catalog {
 public:
  LakeCatalog(ObjectStore& store, Database& database, const CatalogOptions& options, CatalogConfig config)
      : store_(store),
        scheduler_(MakeScheduler(store, options.reads)),
        cache_(scheduler_ ? std::make_unique<BlockCache>(store.name(), options.cache) : nullptr),
        database_(database),
        config_(std::move(config)),
        listings_(store, options.listing_age, options.clock),
        opened_(kKeptDatasets) {}

  Result<std::vector<DatasetConfig>> List(const Call& call) override {
    std::map<std::string, DatasetConfig> datasets = config_.datasets;
    if (config_.lake.discover) {
      const auto root = listings_.Get("", /*recursive=*/false, call);
      // A lake that cannot be listed has the datasets that its configuration names.
      if (!root && (root.error().kind != ErrorKind::kUnsupported || datasets.empty())) return root.error();
      if (root) {
        for (const std::string& name : DiscoverNames(**root, config_.datasets)) datasets[name].name = name;
      }
    }
    std::vector<DatasetConfig> list;
    for (auto& [name, config] : datasets) list.push_back(std::move(config));
    return list;
  }

  Result<std::shared_ptr<const Dataset>> Find(const std::string& name, const Call& call) override {
    if (!IsDatasetName(name)) return NotFound("a dataset's name is 1 to 100 letters, digits, '_' and '-'");
    const auto configured = config_.datasets.find(name);
    DatasetConfig config;
    config.name = name;
    if (configured != config_.datasets.end()) {
      config = configured->second;
    } else if (!config_.lake.discover || IsHiddenKey(name)) {
      return NotFoundWithNearest(name, NotFound(fmt::format("no dataset '{}'", name)), call);
    }
    auto sources = FindSources(config, config_.datasets, store_, listings_, call);
    if (!sources) {
      return sources.error().kind == ErrorKind::kNotFound && configured == config_.datasets.end()
                 ? NotFoundWithNearest(name, sources.error(), call)
                 : sources.error();
    }
    return OpenOnce(config, *std::move(sources), call);
  }

  Result<std::shared_ptr<const Dataset>> FindGlob(const std::string& glob, const Call& call) override {
    auto config = ConfigOf(glob);
    if (!config) return config.error();
    auto sources = FindSources(*config, config_.datasets, store_, listings_, call);
    if (!sources) return sources.error();
    return OpenOnce(*config, *std::move(sources), call);
  }

  Result<std::shared_ptr<const Snapshot>> FindObjects(const std::string& glob, const Call& call) override {
    const auto config = ConfigOf(glob);
    if (!config) return config.error();
    auto sources = FindSources(*config, config_.datasets, store_, listings_, call);
    if (!sources) return sources.error();
    return std::make_shared<const Snapshot>(std::move(sources->objects), &store_,
                                            RemoteReads{scheduler_.get(), cache_.get()}, std::move(sources->tails));
  }

  RangeSchedulerStats reads() const override { return scheduler_ ? scheduler_->stats() : RangeSchedulerStats(); }
  BlockCacheStats cached() const override { return cache_ ? cache_->stats() : BlockCacheStats(); }
  void Refresh() override { listings_.Forget(); }
  const LakeConfig& lake() const override { return config_.lake; }
  const AccessConfig& access() const override { return config_.access; }
  bool NeedsKey(const std::string& name) const override {
    const auto found = config_.datasets.find(name);
    return found != config_.datasets.end() && found->second.needs_key;
  }
  bool ShowsAll(bool with_key) const override {
    if (!config_.lake.discover) return false;
    return std::none_of(config_.datasets.begin(), config_.datasets.end(), [&](const auto& named) {
      const DatasetConfig& config = named.second;
      return (config.needs_key && !with_key) || !config.columns.empty() || config.max_rows;
    });
  }

 private:
  // What a query's own glob asks for.
  Result<DatasetConfig> ConfigOf(std::string glob) const {
    if (const std::string lake = store_.name(); glob.starts_with(lake)) {
      glob.erase(0, lake.size());
      if (glob.starts_with('/') && !lake.ends_with('/')) glob.erase(0, 1);
    }
    if (glob.starts_with('/') || glob.find("://") != std::string::npos) {
      return Invalid(
          fmt::format("'{}' is outside the lake; name its objects by their keys, such as 'flights/*.parquet'", glob));
    }
    if (auto valid = CheckGlob(glob); !valid) return valid.error();
    DatasetConfig config;
    config.name = glob;
    config.glob = std::move(glob);
    config.trust_first = store_.remote();
    return config;
  }

  using Opened = Result<std::shared_ptr<const Dataset>>;

  static std::unique_ptr<RangeScheduler> MakeScheduler(ObjectStore& store, const RangeSchedulerOptions& options) {
    if (!store.remote()) return nullptr;
    return std::make_unique<RangeScheduler>(
        [&store](const GetRequest& request, ByteConsumer consume, GetDone done, const Call& call) {
          return store.StartGet(request, std::move(consume), std::move(done), call);
        },
        options);
  }

  Opened OpenOnce(const DatasetConfig& config, Sources sources, const Call& call) {
    const std::string version = InputVersion(config, sources);
    if (auto kept = opened_.Get(version)) return *kept;
    return flights_.Do(version, call, [&]() -> Opened {
      if (auto kept = opened_.Get(version)) return *kept;
      auto dataset = OpenDataset(config, std::move(sources),
                                 {store_, {scheduler_.get(), cache_.get()}, database_, schemas_}, call);
      if (dataset || StaysSo(dataset.error())) opened_.Put(version, dataset);
      return dataset;
    });
  }

  // Broken or unequal objects stay so until their ETags change: who asks for them again costs nothing.
  static bool StaysSo(const Error& error) {
    return error.kind == ErrorKind::kCorrupt || error.kind == ErrorKind::kInvalid;
  }

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
  const std::unique_ptr<RangeScheduler> scheduler_;  // null: a local lake; so is the cache
  const std::unique_ptr<BlockCache> cache_;
  Database& database_;
  const CatalogConfig config_;
  Listings listings_;
  ObjectSchemas schemas_;
  Lru<Opened> opened_;
  SingleFlight<std::shared_ptr<const Dataset>> flights_;
};

}  // namespace

bool Catalog::NeedsKey(const std::string&) const { return false; }
bool Catalog::ShowsAll(bool) const { return true; }

const AccessConfig& Catalog::access() const {
  static const AccessConfig kNone;
  return kNone;
}

const LakeConfig& Catalog::lake() const {
  static const LakeConfig kNone;
  return kNone;
}

Result<std::unique_ptr<Catalog>> Catalog::Open(ObjectStore& store, Database& database, CatalogOptions options) {
  const auto text = ReadConfig(store, options);
  if (!text) return text.error();
  auto config = ParseConfig(text->value_or(""), options.config_name, database);
  if (!config) return config.error();
  return std::unique_ptr<Catalog>(std::make_unique<LakeCatalog>(store, database, options, *std::move(config)));
}

}  // namespace eider
