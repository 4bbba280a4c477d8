#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "catalog/config.h"
#include "catalog/glob.h"
#include "catalog/keys.h"
#include "catalog/known_objects.h"
#include "catalog/listings.h"
#include "catalog/models.h"
#include "catalog/open_dataset.h"
#include "catalog/single_flight.h"
#include "catalog/sources.h"
#include "catalog/view.h"

namespace eider {
namespace {

// Opened datasets kept by their version; each holds its columns and a list of its objects.
constexpr std::size_t kKeptDatasets = 256;

// An eider.yaml is written by hand; more than this is something else.
constexpr std::uint64_t kMaxConfigBytes = 4ULL << 20;

// The text of the configuration, from the options or the lake; empty when there is none.
Result<std::string> ReadConfig(ObjectStore& store, const CatalogOptions& options, const Call& call) {
  if (options.config_yaml) return *options.config_yaml;
  auto text = GetAll(store, "eider.yaml", kMaxConfigBytes, call);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::string();
  return text;
}

class LakeCatalog final : public Catalog {
  using Opened = Result<std::shared_ptr<const Dataset>>;

 public:
  LakeCatalog(ObjectStore& store, Database& database, const CatalogOptions& options)
      : store_(store),
        options_(options),
        scheduler_(MakeScheduler(store, options.reads)),
        cache_(scheduler_ ? std::make_unique<BlockCache>(store.name(), options.cache) : nullptr),
        database_(database),
        listings_(store, options.listing_age, options.clock),
        known_(store, options.listing_age, options.clock),
        manifests_(store),
        model_listings_(options.model_store == nullptr
                            ? nullptr
                            : std::make_unique<Listings>(*options.model_store, options.listing_age, options.clock)),
        models_(options.model_store == nullptr ? store : *options.model_store,
                model_listings_ ? *model_listings_ : listings_, {database, store.name(), options.model_environment}),
        opened_(kKeptDatasets) {}

  Status Configure(const Call& call) override {
    const auto config = Config(call);
    return config ? Status() : config.error();
  }

  Result<std::vector<DatasetConfig>> List(const Call& call) override {
    const auto config = Config(call);
    if (!config) return config.error();
    std::map<std::string, DatasetConfig> datasets = (*config)->datasets;
    Listings::Pointer listed;
    if ((*config)->lake.discover) {
      const auto root = listings_.Get("", /*recursive=*/false, call);
      // A lake that cannot be listed has the datasets that its configuration names.
      if (!root && (root.error().kind != ErrorKind::kUnsupported || datasets.empty())) return root.error();
      if (root) {
        listed = *root;
        for (const std::string& name : DiscoverNames(**root, (*config)->claims)) datasets[name].name = name;
      }
    }
    if (auto added = ListModels(**config, listed.get(), datasets, call); !added) return added.error();
    std::vector<DatasetConfig> list;
    for (auto& [name, dataset] : datasets) list.push_back(std::move(dataset));
    return list;
  }

  Result<std::shared_ptr<const Dataset>> Find(const std::string& name, const Call& call) override {
    return FindNamed(name, /*author=*/false, call);
  }

  Result<std::shared_ptr<const Dataset>> FindGlob(const std::string& glob, const Call& call) override {
    auto config = ConfigOf(glob);
    if (!config) return config.error();
    auto sources = FindSources(*config, /*configured=*/{}, {store_, listings_, known_, manifests_}, call);
    if (!sources) return sources.error();
    return OpenOnce(*config, *std::move(sources), call);
  }

  Result<std::shared_ptr<const Snapshot>> FindObjects(const std::string& glob, const Call& call) override {
    const auto config = ConfigOf(glob);
    if (!config) return config.error();
    auto sources = FindSources(*config, /*configured=*/{}, {store_, listings_, known_, manifests_}, call);
    if (!sources) return sources.error();
    return std::make_shared<const Snapshot>(std::move(sources->objects), &store_,
                                            RemoteReads{scheduler_.get(), cache_.get()}, std::move(sources->tails));
  }

  bool NamesHidden(const std::string& glob) const override {
    const auto config = ConfigOf(glob);
    return config && GlobNamesHidden(config->glob);
  }

  Result<std::shared_ptr<const AttachedCatalog>> FindAttached(const std::string& name, const Call& call) override {
    const auto config = Config(call);
    if (!config) return config.error();
    const auto found = (*config)->attached.find(ToLower(name));
    if (found == (*config)->attached.end()) return std::shared_ptr<const AttachedCatalog>();
    auto catalog = std::make_shared<AttachedCatalog>(found->second.catalog);
    catalog->store = &store_;
    if (const std::string& variable = found->second.password_env; !variable.empty()) {
      const auto password = options_.passwords.find(variable);
      if (password == options_.passwords.end()) {
        return Error{ErrorKind::kUnavailable,
                     fmt::format("catalog '{}' cannot be attached: there is no {} in the environment, which holds its "
                                 "password",
                                 catalog->name, variable),
                     {}};
      }
      catalog->login["PASSWORD"] = password->second;
    }
    return std::shared_ptr<const AttachedCatalog>(std::move(catalog));
  }

  std::vector<std::string> AttachedNames() const override {
    std::vector<std::string> names;
    for (const auto& [lower, attached] : Configured().attached) names.push_back(attached.catalog.name);
    return names;
  }

  Result<std::shared_ptr<const Models>> FindModels(const Call& call) override {
    const auto config = Config(call);
    if (!config) return config.error();
    return models_.Get(**config, call);
  }

  Result<Statement> MakeStatement(const std::string& sql, const Call& call,
                                  const std::shared_ptr<const Dataset>& instead) override {
    AuthorsCatalog lake = AuthorsView(call);
    if (instead) {
      lake.find = [this, &call, &instead](const std::string& name) -> Opened {
        return name == instead->config.name ? instead : FindNamed(name, /*author=*/true, call);
      };
    }
    auto made = MakeAuthorsStatement(sql, lake, database_);
    if (!made) return made.error();
    return std::move(made->statement);
  }

  Opened OpenListed(const std::string& name, const Manifest& manifest, const Call& call) override {
    DatasetConfig config;
    config.name = name;
    return OpenOnce(config, ListedBy(manifest, manifest.objects), call);
  }

  RangeSchedulerStats reads() const override { return scheduler_ ? scheduler_->stats() : RangeSchedulerStats(); }
  BlockCacheStats cached() const override { return cache_ ? cache_->stats() : BlockCacheStats(); }
  void Refresh() override {
    listings_.Forget();
    if (model_listings_) model_listings_->Forget();
    known_.Forget();
  }
  const LakeConfig& lake() const override { return Configured().lake; }
  const AccessConfig& access() const override { return Configured().access; }
  const ServerFiles& server() const override { return Configured().server; }
  bool NeedsKey(const std::string& name) const override {
    const auto& datasets = Configured().datasets;
    const auto found = datasets.find(name);
    if (found != datasets.end()) return found->second.needs_key;
    const auto attached = Configured().attached.find(ToLower(name));
    return attached != Configured().attached.end() && attached->second.needs_key;
  }
  bool ShowsAll(bool with_key) const override {
    const CatalogConfig& configured = Configured();
    if (!configured.lake.discover) return false;
    for (const auto& [name, attached] : configured.attached) {
      if (attached.needs_key && !with_key) return false;
    }
    return std::none_of(configured.datasets.begin(), configured.datasets.end(), [&](const auto& named) {
      const DatasetConfig& config = named.second;
      return (config.needs_key && !with_key) || !config.columns.empty() || config.max_rows;
    });
  }

 private:
  // The lake's author reads what is not discovered, too.
  Opened FindNamed(const std::string& name, bool author, const Call& call) {
    if (!IsDatasetName(name)) return NotFound("a dataset's name is 1 to 100 letters, digits, '_' and '-'");
    const auto lake = Config(call);
    if (!lake) return lake.error();
    const auto configured = (*lake)->datasets.find(name);
    const bool named = configured != (*lake)->datasets.end();
    DatasetConfig config;
    config.name = name;
    if (named) config = configured->second;
    if (!config.sql.empty()) return FindView(config, call);
    Error missing = NotFound(fmt::format("no dataset '{}'", name));
    if (named || ((author || (*lake)->lake.discover) && !IsHiddenKey(name))) {
      auto sources = FindSources(config, (*lake)->claims, {store_, listings_, known_, manifests_}, call);
      if (sources) return OpenOnce(config, *std::move(sources), call);
      if (sources.error().kind != ErrorKind::kNotFound) return sources.error();
      missing = sources.error();
    }
    const bool by_name = config.glob.empty() && config.objects.empty();
    const auto models = by_name ? models_.Get(**lake, call) : std::make_shared<const Models>();
    if (!models) return models.error();
    const auto model = (*models)->models.find(name);
    if (model != (*models)->models.end()) return FindModel(model->second, std::move(config), call);
    return named ? missing : NotFoundWithNearest(name, missing, call);
  }

  // A model is a view, or what a build of it has made.
  Opened FindModel(const Result<Model>& model, DatasetConfig config, const Call& call) {
    if (!model) return model.error();
    if (config.description.empty()) config.description = model->description;
    if (model->config.materialized == Materialization::kView) {
      config.sql = model->sql;
      return FindView(config, call);
    }
    if (model->config.materialized == Materialization::kExternal) config.objects = {model->config.location};
    const auto lake = Config(call);
    if (!lake) return lake.error();
    auto sources = FindSources(config, (*lake)->claims, {store_, listings_, known_, manifests_}, call);
    if (sources) return OpenOnce(config, *std::move(sources), call);
    if (sources.error().kind != ErrorKind::kNotFound) return sources.error();
    return NotFound(fmt::format("model '{0}' has not been built yet: `eider build --select {0}` does", config.name));
  }

  Opened FindView(const DatasetConfig& config, const Call& call) {
    const auto in = [&](Error error) {
      error.message = fmt::format("view '{}': {}", config.name, error.message);
      return error;
    };
    const auto select = MakeAuthorsStatement(config.sql, AuthorsView(call), database_);
    if (!select) return in(select.error());
    if (auto kept = opened_.Get(ViewVersion(config, *select))) return *kept;
    auto view = OpenView(config, *select, store_, database_, call);
    if (!view) return in(view.error());
    opened_.Put((*view)->version, view);
    return view;
  }

  AuthorsCatalog AuthorsView(const Call& call) {
    return {[this, &call](const std::string& name) { return FindNamed(name, /*author=*/true, call); },
            [this, &call](const std::string& glob) { return FindGlob(glob, call); },
            [this, &call](const std::string& glob) { return FindObjects(glob, call); },
            [this, &call](const std::string& attached) { return FindAttached(attached, call); },
            [this](const std::string& attached) { return NeedsKey(attached); }};
  }

  // Models among the datasets; and models/ and tests/, where they hold them, are none.
  Status ListModels(const CatalogConfig& config, const Listing* root, std::map<std::string, DatasetConfig>& datasets,
                    const Call& call) {
    const auto models = models_.Get(config, call, options_.model_store == nullptr ? root : nullptr);
    if (!models) return models.error();
    if ((*models)->models.empty()) return {};
    if (options_.model_store == nullptr) {
      for (const char* folder : {"models", "tests"}) {
        if (!config.datasets.contains(folder)) datasets.erase(folder);
      }
    }
    for (const auto& [name, model] : (*models)->models) {
      DatasetConfig& dataset = datasets[name];
      dataset.name = name;
      if (model && dataset.description.empty()) dataset.description = model->description;
    }
    return {};
  }

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

  static std::unique_ptr<RangeScheduler> MakeScheduler(ObjectStore& store, const RangeSchedulerOptions& options) {
    if (!store.remote()) return nullptr;
    return std::make_unique<RangeScheduler>(
        [&store](const GetRequest& request, ByteConsumer consume, GetDone done, const Call& call) {
          return store.StartGet(request, std::move(consume), std::move(done), call);
        },
        options);
  }

  // Read when it is first asked for; a failure is not kept.
  Result<const CatalogConfig*> Config(const Call& call) {
    const std::lock_guard lock(config_mutex_);
    if (!config_) {
      const auto text = ReadConfig(store_, options_, call);
      if (!text) return text.error();
      auto config = ParseConfig(*text, options_.config_name, database_);
      if (!config) return config.error();
      config_.emplace(*std::move(config));
    }
    return &*config_;
  }

  const CatalogConfig& Configured() const {
    static const CatalogConfig kNone;
    const std::lock_guard lock(config_mutex_);
    return config_ ? *config_ : kNone;
  }

  Opened OpenOnce(DatasetConfig config, Sources sources, const Call& call) {
    if (sources.one_schema) config.trust_first = true;
    // What eider.yaml says of a column stands before what the manifest says.
    config.types.insert(config.types.end(), sources.types.begin(), sources.types.end());
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
  const CatalogOptions options_;
  const std::unique_ptr<RangeScheduler> scheduler_;  // null: a local lake; so is the cache
  const std::unique_ptr<BlockCache> cache_;
  Database& database_;
  mutable std::mutex config_mutex_;
  std::optional<CatalogConfig> config_;  // once read, it stays as it is
  Listings listings_;
  KnownObjects known_;
  Manifests manifests_;
  const std::unique_ptr<Listings> model_listings_;  // null: the lake's
  ModelFiles models_;
  ObjectSchemas schemas_;
  Lru<Opened> opened_;
  SingleFlight<std::shared_ptr<const Dataset>> flights_;
};

}  // namespace

Result<std::shared_ptr<const AttachedCatalog>> Catalog::FindAttached(const std::string&, const Call&) {
  return std::shared_ptr<const AttachedCatalog>();
}

bool Catalog::NeedsKey(const std::string&) const { return false; }
bool Catalog::ShowsAll(bool) const { return true; }

const AccessConfig& Catalog::access() const {
  static const AccessConfig kNone;
  return kNone;
}

const ServerFiles& Catalog::server() const {
  static const ServerFiles kNone;
  return kNone;
}

const LakeConfig& Catalog::lake() const {
  static const LakeConfig kNone;
  return kNone;
}

Result<std::unique_ptr<Catalog>> Catalog::Open(ObjectStore& store, Database& database, CatalogOptions options) {
  auto catalog = std::make_unique<LakeCatalog>(store, database, options);
  // A text that is already here costs nothing.
  if (options.config_yaml || !options.config_when_needed) {
    if (auto status = catalog->Configure({}); !status) return status.error();
  }
  return std::unique_ptr<Catalog>(std::move(catalog));
}

}  // namespace eider
