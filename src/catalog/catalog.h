// Catalog: which datasets a lake holds. Without a configuration each name.parquet|csv|json|ndjson at the root and each
// folder name/ with such files is a dataset (hive key=value folders become columns); eider.yaml names, describes and
// narrows them. Views, of eider.yaml and of models/, are datasets too. Knows nothing of requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/client_limits.h"
#include "catalog/model.h"
#include "catalog/prices.h"
#include "engine/database.h"
#include "lake/block_cache.h"
#include "lake/range_scheduler.h"
#include "lake/snapshot.h"
#include "object/object_store.h"

namespace eider {

struct Manifest;

// What a dataset's rows come from. ndjson and arrays are both kJson. A view's rows have no place in a source: they come
// in another order each time.
enum class SourceFormat : std::uint8_t { kParquet, kCsv, kJson, kView };

struct SortKey {
  std::string column;
  bool descending = false;
};

// What eider.yaml says of one dataset, or what discovery found.
struct DatasetConfig {
  std::string name;  // [A-Za-z0-9_-]{1,100}
  std::string title;
  std::string description;
  std::string licence;                              // SPDX name or URL
  std::string glob;                                 // keys of the lake: "flights/**/*.parquet"; empty: by discovery
  std::vector<std::string> objects;                 // keys, for a lake that cannot be listed; instead of a glob
  std::string sql;                                  // of a view: the SELECT that it stands for; instead of objects
  std::vector<std::string> columns;                 // shown, in this order; empty: all
  std::optional<std::vector<std::string>> filters;  // columns that may be filtered by; nullopt: all shown
  std::vector<SortKey> sort;                        // default order; empty: source order
  std::optional<std::uint64_t> max_rows;            // no download has more
  std::string cache_control;                        // empty: the server's default
  bool needs_key = false;                           // access: key; only for who has an API key
  bool access_given = false;                        // eider.yaml says it; else a view is as what it reads
  bool trust_first = false;    // the first object's columns stand for all; only of a query's own glob
  bool union_by_name = false;  // objects of different schemas are one dataset, missing columns NULL
  std::vector<std::pair<std::string, std::string>> types;  // column -> SQL type, for CSV and JSON
};

// What eider.yaml says of the lake as a whole.
struct LakeConfig {
  std::string title;
  std::string description;
  // Whether files and folders of the root that no configured dataset is made of are datasets too.
  bool discover = true;
  Prices prices;
};

// A key of the API, known by its hash alone.
struct ApiKey {
  std::string name;                                  // of whom, for the log
  std::string sha256;                                // of the key, hexadecimal, in lower case
  std::optional<WallTime> created;                   // what follows is of keys in a file: see catalog/key_file.h
  std::optional<WallTime> expires;                   // from then on it is refused
  std::optional<std::vector<std::string>> datasets;  // that it opens; nullopt: all
  ClientLimitChanges limits;
};

// Who may ask, how much, and from which pages of other origins.
struct AccessConfig {
  std::vector<ApiKey> keys;
  std::optional<bool> anonymous;          // whether requests without a key are answered; nullopt: see eider serve
  ClientLimitChanges anonymous_limits;    // of each address without a key
  ClientLimitChanges key_limits;          // of each key, unless it has its own
  std::vector<std::string> cors_origins;  // "https://example.org", or "*"
};

// Files of the server that the command line did not name; as written, relative to where the process began.
struct ServerFiles {
  std::string keys;
  std::string tls_cert;
  std::string tls_key;
};

// A dataset as it stands now: its objects pinned, its columns known. Immutable and shared.
struct Dataset {
  DatasetConfig config;
  SourceFormat source = SourceFormat::kParquet;
  std::vector<Column> columns;  // shown, in order
  std::string relation;         // SQL for FROM: read_parquet(['lake://…'], hive_partitioning=true), (SELECT …)
  std::shared_ptr<const Snapshot> snapshot;  // what `relation` reads
  AttachedCatalogs catalogs;                 // of others, which a view's `relation` names
  std::string version;                       // hash of keys and ETags, and of what config changes in the answer
  bool row_position = false;                 // the relation has file_index and file_row_number (Parquet)
  std::optional<std::pair<std::string, std::string>> lon_lat;  // columns of a point, by their usual names
  std::optional<std::string> geometry;                         // a GEOMETRY column
};

// Passwords come from variables of the environment with this prefix alone: an eider.yaml that somebody else may write
// cannot send other secrets of the server's to a host of theirs.
inline constexpr std::string_view kCatalogEnvironment = "EIDER_CATALOG_";

struct CatalogOptions {
  std::optional<std::string>
      config_yaml;  // the text of eider.yaml; nullopt: the lake's own eider.yaml, if there is one
  std::string config_name = "eider.yaml";  // for messages
  // The lake's own eider.yaml is read when something of it is first needed: on a remote lake it is a round trip, and a
  // glob needs nothing of it.
  bool config_when_needed = false;
  // Holds models/ and tests/, beside an eider.yaml that is not the lake's; null: the lake does. Must outlive the
  // catalog.
  ObjectStore* model_store = nullptr;
  std::map<std::string, std::string> model_environment;  // the variables of the environment that models may read
  std::map<std::string, std::string> passwords;          // of attached catalogs, by variables of the environment
  // How long a listing of the lake, or a look at an object, answers before it is made again; 0: each time.
  std::chrono::milliseconds listing_age{0};
  RangeSchedulerOptions reads;  // of a remote lake, as the cache
  BlockCacheOptions cache;
  SteadyClock clock = SystemSteadyClock();
};

// Thread-safe.
class Catalog {
 public:
  // Configures, unless that is put off. `store` and `database` must outlive the catalog. No dataset is opened here.
  static Result<std::unique_ptr<Catalog>> Open(ObjectStore& store, Database& database, CatalogOptions options);
  virtual ~Catalog() = default;

  // Reads and checks the configuration, once; what needs it does so by itself. A wrong key says which, where (line and
  // column), and the nearest right one.
  virtual Status Configure(const Call& = {}) { return {}; }

  // All datasets by name, configured and discovered, without opening them: a folder is one before it is known whether
  // it holds data. What a configured dataset is made of is not discovered under another name, so that what it hides
  // stays hidden. An empty lake is an empty list.
  virtual Result<std::vector<DatasetConfig>> List(const Call& call = {}) = 0;

  // Opens a dataset: lists its objects, learns and checks their columns (kept for as long as the objects' ETags stay).
  // kNotFound with the nearest name; kCorrupt naming the object that cannot be read; kInvalid naming the two objects
  // and the column that differ.
  virtual Result<std::shared_ptr<const Dataset>> Find(const std::string& name, const Call& call = {}) = 0;

  // The objects whose keys match, as a dataset that nobody has named. On a remote lake only the first object's columns
  // are looked at; that another one differs is found when it is read. The lake's own name may stand before the glob.
  virtual Result<std::shared_ptr<const Dataset>> FindGlob(const std::string& glob, const Call& call = {}) = 0;

  // The same objects, pinned, whatever they hold.
  virtual Result<std::shared_ptr<const Snapshot>> FindObjects(const std::string& glob, const Call& call = {}) = 0;

  // Whether such a glob asks for what is hidden: a segment of it begins with '.' or '_'.
  virtual bool NamesHidden(const std::string&) const { return false; }

  // A catalog of others that the configuration names, case ignored; null where it names none. kUnavailable when its
  // password is not there.
  virtual Result<std::shared_ptr<const AttachedCatalog>> FindAttached(const std::string& name, const Call& call = {});

  // Their names, as the configuration writes them.
  virtual std::vector<std::string> AttachedNames() const { return {}; }

  // The models beside the configuration, as their files are now.
  virtual Result<std::shared_ptr<const Models>> FindModels(const Call& call = {}) = 0;

  // The statement of a SELECT of the lake's author, as models and views are: it reads every dataset and object, and
  // says what SQL from outside may say. Errors of the SQL say where. `instead`, unless it is null, stands for the
  // dataset of its name.
  virtual Result<Statement> MakeStatement(const std::string& sql, const Call& call = {},
                                          const std::shared_ptr<const Dataset>& instead = nullptr) = 0;

  // The dataset that this manifest would make, before it is one.
  virtual Result<std::shared_ptr<const Dataset>> OpenListed(const std::string& name, const Manifest& manifest,
                                                            const Call& call = {}) = 0;

  // Whether whoever asks may read each object as it is: the configuration publishes all of the lake, no dataset
  // withholds columns or rows beyond a number, and none, nor a catalog of others, withholds itself from who has no key.
  // This and what follows is of a configured catalog.
  virtual bool ShowsAll(bool with_key) const;

  // Whether the configuration keeps this dataset, or attached catalog, for holders of a key; false for a name that it
  // does not know.
  virtual bool NeedsKey(const std::string& name) const;

  // Forgets listings, so that the next Find sees the lake as it is.
  virtual void Refresh() = 0;

  // What the lake was asked for since the start; zeros for a local one.
  virtual RangeSchedulerStats reads() const { return {}; }
  virtual BlockCacheStats cached() const { return {}; }

  // What eider.yaml says of the lake as a whole; stays the same from then on.
  virtual const LakeConfig& lake() const;
  virtual const AccessConfig& access() const;
  virtual const ServerFiles& server() const;
};

// The JSON Schema of eider.yaml, for editors (`eider schema`, and served at /eider.schema.json).
std::string_view ConfigSchema();

// [A-Za-z0-9_-]{1,100}
bool IsDatasetName(std::string_view name);

}  // namespace eider
