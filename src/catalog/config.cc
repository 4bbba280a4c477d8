#include "catalog/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/glob.h"
#include "catalog/keys.h"
#include "catalog/read_limits.h"
#include "catalog/view.h"
#include "catalog/yaml_reader.h"
#include "engine/attach_sql.h"

namespace eider {
namespace {

// The value behind a reading, or its error.
template <class Value>
Status Keep(Result<Value> read, Value& target) {
  if (!read) return read.error();
  target = *std::move(read);
  return {};
}

template <auto member, class Target>
Status ReadText(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Target& target) {
  return Keep(yaml.Text(node, what), target.*member);
}

template <auto member, class Target>
Status ReadBool(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Target& target) {
  return Keep(yaml.Bool(node, what), target.*member);
}

template <auto member>
Status ReadPrice(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Prices& prices) {
  return Keep(yaml.Price(node, what), prices.*member);
}

constexpr YamlKey<Prices> kPriceKeys[] = {
    {"usd_per_1000_gets", ReadPrice<&Prices::usd_per_1000_gets>},
    {"usd_per_gb", ReadPrice<&Prices::usd_per_gb>},
};

Status ReadPrices(const YamlReader& yaml, const YAML::Node& node, const std::string&, LakeConfig& lake) {
  return ReadKeys(yaml, node, "'prices'", kPriceKeys, lake.prices);
}

constexpr YamlKey<LakeConfig> kLakeKeys[] = {
    {"title", ReadText<&LakeConfig::title, LakeConfig>},
    {"description", ReadText<&LakeConfig::description, LakeConfig>},
    {"discover", ReadBool<&LakeConfig::discover, LakeConfig>},
    {"prices", ReadPrices},
};

// A dataset while it is read.
struct DatasetEntry {
  DatasetConfig config;
  Database* database = nullptr;
};

template <auto member>
Status ReadDatasetText(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  return Keep(yaml.Text(node, what), entry.config.*member);
}

Status ReadGlob(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  if (auto status = Keep(yaml.Text(node, what), entry.config.glob); !status) return status;
  const auto valid = CheckGlob(entry.config.glob);
  return valid ? Status() : Status(yaml.At(node, valid.error().message, "glob"));
}

Status ReadObjects(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  if (auto status = Keep(yaml.TextList(node, what), entry.config.objects); !status) return status;
  if (entry.config.objects.empty()) return yaml.At(node, what + " names no object");
  for (std::size_t i = 0; i < entry.config.objects.size(); ++i) {
    const std::string& key = entry.config.objects[i];
    if (auto valid = CheckKey(key); !valid) return yaml.At(node[i], valid.error().message, "objects");
    if (FormatOfKey(key)) continue;
    return yaml.At(node[i], fmt::format("'{}' is no .parquet, .csv, .json or .ndjson", key), "objects");
  }
  return {};
}

Status ReadColumns(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  if (auto status = Keep(yaml.TextList(node, what), entry.config.columns); !status) return status;
  return entry.config.columns.empty() ? Status(yaml.At(node, what + " shows no column")) : Status();
}

Status ReadFilters(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  auto list = yaml.TextList(node, what);
  if (!list) return list.error();
  entry.config.filters = *std::move(list);
  return {};
}

// [date, -delay]: as `_sort` in a request.
Status ReadSort(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  const auto list = yaml.TextList(node, what);
  if (!list) return list.error();
  for (const std::string& column : *list) {
    const bool descending = column.starts_with('-');
    entry.config.sort.push_back({column.substr(descending ? 1 : 0), descending});
  }
  return {};
}

Status ReadMaxRows(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  const auto number = yaml.PositiveNumber(node, what);
  if (!number) return number.error();
  entry.config.max_rows = *number;
  return {};
}

// It becomes a response header.
Status ReadCacheControl(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  if (auto status = Keep(yaml.Text(node, what), entry.config.cache_control); !status) return status;
  const std::string& text = entry.config.cache_control;
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (printable && !text.empty()) return {};
  return yaml.At(node, what + " wants a header's value, such as 'public, max-age=3600'");
}

Status ReadAccess(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  const auto text = yaml.Text(node, what);
  if (!text) return text.error();
  entry.config.needs_key = *text == "key";
  entry.config.access_given = true;
  if (*text == "public" || *text == "key") return {};
  return yaml.At(node, fmt::format("{} is '{}', which is not supported yet; 'public' and 'key' are", what, *text),
                 "access");
}

Status ReadUnion(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  return Keep(yaml.Bool(node, what), entry.config.union_by_name);
}

// The type as DuckDB writes it, or nullopt. A type becomes SQL, so no other character reaches the parser.
std::optional<std::string> CanonicalType(Database& database, const std::string& type) {
  const bool plain = std::all_of(type.begin(), type.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_ (),[]\"").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (!plain || type.empty()) return std::nullopt;
  Statement statement;
  statement.sql = fmt::format("SELECT CAST(NULL AS {}) AS t", type);
  const auto columns = database.Describe(statement);
  if (!columns || columns->size() != 1) return std::nullopt;
  return (*columns)[0].type;
}

Status ReadTypes(const YamlReader& yaml, const YAML::Node& node, const std::string& what, DatasetEntry& entry) {
  const auto entries = yaml.Map(node, what, "zip: VARCHAR");
  if (!entries) return entries.error();
  for (const auto& [column, value] : *entries) {
    const auto text = yaml.Text(value, fmt::format("column '{}' in {}", column.Scalar(), what));
    if (!text) return text.error();
    const auto type = CanonicalType(*entry.database, *text);
    if (!type) {
      return yaml.At(value,
                     fmt::format("'{}' is no SQL type; VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), BOOLEAN, DATE and "
                                 "TIMESTAMP are",
                                 *text),
                     "types");
    }
    entry.config.types.emplace_back(column.Scalar(), *type);
  }
  return {};
}

constexpr YamlKey<DatasetEntry> kDatasetKeys[] = {
    {"title", ReadDatasetText<&DatasetConfig::title>},
    {"description", ReadDatasetText<&DatasetConfig::description>},
    {"licence", ReadDatasetText<&DatasetConfig::licence>},
    {"glob", ReadGlob},
    {"objects", ReadObjects},
    {"columns", ReadColumns},
    {"filters", ReadFilters},
    {"sort", ReadSort},
    {"max_rows", ReadMaxRows},
    {"cache_control", ReadCacheControl},
    {"access", ReadAccess},
    {"union_by_name", ReadUnion},
    {"types", ReadTypes},
};

struct ViewEntry {
  std::string sql;
  YAML::Node place;
};

// The whole file while it is read.
struct Document {
  CatalogConfig config;
  std::map<std::string, ViewEntry> views;
  Database* database = nullptr;
};

Status ReadLake(const YamlReader& yaml, const YAML::Node& node, const std::string&, Document& document) {
  return ReadKeys(yaml, node, "'lake'", kLakeKeys, document.config.lake);
}

Status ReadDatasets(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Document& document) {
  const auto entries = yaml.Map(node, what, "flights: {title: Flights}");
  if (!entries) return entries.error();
  for (const auto& [name_node, value] : *entries) {
    const std::string& name = name_node.Scalar();
    if (!IsDatasetName(name)) {
      return yaml.At(name_node, fmt::format("'{}' is no dataset name: 1 to 100 letters, digits, '_' and '-'", name),
                     name);
    }
    DatasetEntry entry;
    entry.config.name = name;
    entry.database = document.database;
    const std::string owner = fmt::format("dataset '{}'", name);
    if (auto status = ReadKeys(yaml, value, owner, kDatasetKeys, entry); !status) return status;
    if (!entry.config.glob.empty() && !entry.config.objects.empty()) {
      return yaml.At(name_node, owner + " has both 'glob' and 'objects'; one says what it is made of", "objects");
    }
    document.config.datasets.emplace(name, std::move(entry.config));
  }
  return {};
}

// late: SELECT … FROM flights WHERE delay > 60
Status ReadViews(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Document& document) {
  const auto entries = yaml.Map(node, what, "late: SELECT * FROM flights WHERE delay > 60");
  if (!entries) return entries.error();
  for (const auto& [name_node, value] : *entries) {
    const std::string& name = name_node.Scalar();
    if (!IsDatasetName(name)) {
      return yaml.At(name_node, fmt::format("'{}' is no view's name: 1 to 100 letters, digits, '_' and '-'", name),
                     name);
    }
    auto sql = yaml.Text(value, fmt::format("view '{}'", name));
    if (!sql) return sql.error();
    auto reads = ReadsOf(*sql, *document.database);
    if (!reads) return yaml.At(value, fmt::format("view '{}': {}", name, reads.error().message), name);
    document.config.views.emplace(name, *std::move(reads));
    document.views.emplace(name, ViewEntry{*std::move(sql), name_node});
  }
  return {};
}

// What `datasets` says of a view narrows and describes it. Rings, and views of too many views, are refused.
Status AddViews(const YamlReader& yaml, Document& document) {
  for (auto& [name, view] : document.views) {
    DatasetConfig& config = document.config.datasets[name];
    if (!config.glob.empty() || !config.objects.empty()) {
      return yaml.At(view.place,
                     fmt::format("'{}' is a view and has '{}' as well; one says what it is made of", name,
                                 config.glob.empty() ? "objects" : "glob"),
                     name);
    }
    config.name = name;
    config.sql = std::move(view.sql);
  }
  const DependencyOrder order = OrderByReads(document.config.views);
  if (!order.rings.empty()) {
    const auto& ring = order.rings.front();
    return yaml.At(document.views.at(ring.front()).place,
                   fmt::format("the views read each other in a ring: {}", RingText(ring)), ring.front());
  }
  const auto within = CountViews(order, document.config.views, [](const std::string&) { return true; });
  for (const auto& [name, count] : within) {
    if (count > kMostViews) return yaml.At(document.views.at(name).place, TooManyViews(name), name);
  }
  return {};
}

Status ReadAnonymous(const YamlReader& yaml, const YAML::Node& node, const std::string& what, AccessConfig& access) {
  auto anonymous = yaml.Bool(node, what);
  if (!anonymous) return anonymous.error();
  access.anonymous = *anonymous;
  return {};
}

// alice: sha256:9f86d0…; the key itself is nowhere in the file.
Status ReadApiKeys(const YamlReader& yaml, const YAML::Node& node, const std::string& what, AccessConfig& access) {
  constexpr std::string_view kPrefix = "sha256:";
  constexpr std::size_t kDigits = 64;
  const auto entries = yaml.Map(node, what, "alice: sha256:9f86d0…");
  if (!entries) return entries.error();
  for (const auto& [name, value] : *entries) {
    const auto text = yaml.Text(value, fmt::format("key of '{}'", name.Scalar()));
    if (!text) return text.error();
    const std::string digest = text->starts_with(kPrefix) ? text->substr(kPrefix.size()) : std::string();
    const bool hexadecimal = digest.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (digest.size() != kDigits || !hexadecimal) {
      return yaml.At(value,
                     fmt::format("the key of '{}' is written as its hash, sha256: and 64 hexadecimal digits; printf %s "
                                 "KEY | sha256sum makes it",
                                 name.Scalar()),
                     "keys");
    }
    ApiKey key;
    key.name = name.Scalar();
    key.sha256 = digest;
    access.keys.push_back(std::move(key));
  }
  return {};
}

constexpr YamlKey<AccessConfig> kAuthKeys[] = {
    {"anonymous", ReadAnonymous},
    {"keys", ReadApiKeys},
};

Status ReadAuth(const YamlReader& yaml, const YAML::Node& node, const std::string&, Document& document) {
  return ReadKeys(yaml, node, "'auth'", kAuthKeys, document.config.access);
}

template <auto member>
Status ReadLimitsOf(const YamlReader& yaml, const YAML::Node& node, const std::string& what, AccessConfig& access) {
  return ReadClientLimits(yaml, node, what, access.*member);
}

constexpr YamlKey<AccessConfig> kLimitsKeys[] = {
    {"anonymous", ReadLimitsOf<&AccessConfig::anonymous_limits>},
    {"keys", ReadLimitsOf<&AccessConfig::key_limits>},
};

Status ReadLimits(const YamlReader& yaml, const YAML::Node& node, const std::string&, Document& document) {
  return ReadKeys(yaml, node, "'limits'", kLimitsKeys, document.config.access);
}

constexpr YamlKey<ServerFiles> kServerKeys[] = {
    {"keys", ReadText<&ServerFiles::keys, ServerFiles>},
    {"tls_cert", ReadText<&ServerFiles::tls_cert, ServerFiles>},
    {"tls_key", ReadText<&ServerFiles::tls_key, ServerFiles>},
};

Status ReadServer(const YamlReader& yaml, const YAML::Node& node, const std::string&, Document& document) {
  return ReadKeys(yaml, node, "'server'", kServerKeys, document.config.server);
}

Status ReadCors(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Document& document) {
  return Keep(yaml.TextList(node, what), document.config.access.cors_origins);
}

Status ReadCatalogs(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Document& document) {
  return ReadAttachedConfigs(yaml, node, what, document.config.attached);
}

constexpr YamlKey<Document> kTopKeys[] = {
    {"auth", ReadAuth},     {"catalogs", ReadCatalogs}, {"cors", ReadCors},         {"lake", ReadLake},
    {"limits", ReadLimits}, {"server", ReadServer},     {"datasets", ReadDatasets}, {"views", ReadViews},
};

std::map<std::string, DatasetConfig> ClaimsOf(const CatalogConfig& config) {
  auto claims = config.datasets;
  for (const auto& [name, attached] : config.attached) {
    DatasetConfig& claim = claims["catalog " + name];  // no dataset's name has a space
    for (std::string key : KeysOf(attached.catalog)) {
      if (key.ends_with('/')) key.pop_back();
      claim.objects.push_back(std::move(key));
    }
  }
  return claims;
}

// A grant of an API key names either, and opens what it names.
Status CheckNames(const YamlReader& yaml, const YAML::Node& root, const CatalogConfig& config) {
  for (const auto& [lower, attached] : config.attached) {
    if (!config.datasets.contains(attached.catalog.name)) continue;
    return yaml.At(
        root["catalogs"],
        fmt::format("'{}' is both a catalog and a dataset or view; name one of them otherwise", attached.catalog.name),
        attached.catalog.name);
  }
  return {};
}

}  // namespace

Result<CatalogConfig> ParseConfig(const std::string& text, const std::string& name, Database& database) {
  const YamlReader yaml(name);
  const auto root = yaml.Parse(text);
  if (!root) return root.error();
  Document document;
  document.database = &database;
  if (auto status = ReadKeys(yaml, *root, "the file", kTopKeys, document); !status) return status.error();
  if (auto status = AddViews(yaml, document); !status) return status.error();
  if (auto status = CheckNames(yaml, *root, document.config); !status) return status.error();
  document.config.claims = ClaimsOf(document.config);
  return std::move(document.config);
}

std::vector<std::string> ConfigKeys() {
  std::vector<std::string> keys = KeyNames(kTopKeys);
  for (const std::string& key : KeyNames(kLakeKeys)) keys.push_back("lake." + key);
  for (const std::string& key : KeyNames(kPriceKeys)) keys.push_back("lake.prices." + key);
  for (const std::string& key : KeyNames(kAuthKeys)) keys.push_back("auth." + key);
  for (const std::string& key : KeyNames(kServerKeys)) keys.push_back("server." + key);
  for (const std::string& who : KeyNames(kLimitsKeys)) {
    keys.push_back("limits." + who);
    for (const std::string& key : ClientLimitKeys()) keys.push_back(fmt::format("limits.{}.{}", who, key));
  }
  for (const std::string& key : AttachedConfigKeys()) keys.push_back("catalogs.*." + key);
  for (const std::string& key : KeyNames(kDatasetKeys)) keys.push_back("datasets.*." + key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace eider
