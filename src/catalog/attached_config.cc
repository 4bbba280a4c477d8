#include "catalog/attached_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/attach_sql.h"

namespace eider {
namespace {

constexpr CatalogType kTypes[] = {CatalogType::kDelta, CatalogType::kDuckLake, CatalogType::kIceberg,
                                  CatalogType::kMySql, CatalogType::kPostgres, CatalogType::kSqlite};

// Names that mean something else in SQL already.
constexpr std::string_view kTaken[] = {"lake", "main", "memory", "system", "temp", "information_schema", "pg_catalog"};

struct Entry {
  AttachedConfig config;
  bool has_type = false;
};

Status ReadType(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  const auto text = yaml.Text(node, what);
  if (!text) return text.error();
  std::vector<std::string> names;
  for (const CatalogType type : kTypes) {
    names.emplace_back(TypeName(type));
    if (names.back() != *text) continue;
    entry.config.catalog.type = type;
    entry.has_type = true;
    return {};
  }
  return yaml.At(node,
                 fmt::format("{} is '{}'; {} are known.{}", what, *text, Join(names, ", "), DidYouMean(*text, names)),
                 "type");
}

// A key of the lake; a folder may be written with the '/' at its end.
template <auto member>
Status ReadKey(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  auto text = yaml.Text(node, what);
  if (!text) return text.error();
  if (text->ends_with('/')) text->pop_back();
  if (auto valid = CheckKey(*text); !valid) {
    return yaml.At(node, fmt::format("{}: {}; it names a file or folder of the lake", what, valid.error().message));
  }
  entry.config.catalog.*member = *std::move(text);
  return {};
}

Result<std::string> ReadUrl(const YamlReader& yaml, const YAML::Node& node, const std::string& what,
                            const std::string& key) {
  auto text = yaml.Text(node, what);
  if (!text) return text;
  const bool web = text->starts_with("http://") || text->starts_with("https://");
  if (web && text->find('@') == std::string::npos) return text;
  return yaml.At(node, fmt::format("{} wants a URL, http:// or https://, without a password", what), key);
}

Status ReadEndpoint(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  auto url = ReadUrl(yaml, node, what, "endpoint");
  if (!url) return url.error();
  entry.config.catalog.endpoint = *std::move(url);
  return {};
}

Status ReadTokenEndpoint(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  auto url = ReadUrl(yaml, node, what, "token_endpoint");
  if (!url) return url.error();
  entry.config.catalog.login["TOKEN_ENDPOINT"] = *std::move(url);
  return {};
}

template <const char* name>
Status ReadLogin(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  auto text = yaml.Text(node, what);
  if (!text) return text.error();
  entry.config.catalog.login[name] = *std::move(text);
  return {};
}

Status ReadPort(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  const auto port = yaml.PositiveNumber(node, what);
  if (!port) return port.error();
  if (*port > 65535) return yaml.At(node, fmt::format("{} wants a port, 1 to 65535", what), "port");
  entry.config.catalog.login["PORT"] = std::to_string(*port);
  return {};
}

Status ReadPasswordEnv(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  auto text = yaml.Text(node, what);
  if (!text) return text.error();
  if (!text->starts_with(kCatalogEnvironment)) {
    return yaml.At(
        node, fmt::format("{} names a variable of the environment, which begins with {}", what, kCatalogEnvironment),
        "password_env");
  }
  entry.config.password_env = *std::move(text);
  return {};
}

Status ReadAccess(const YamlReader& yaml, const YAML::Node& node, const std::string& what, Entry& entry) {
  const auto text = yaml.Text(node, what);
  if (!text) return text.error();
  entry.config.needs_key = *text == "key";
  if (*text == "public" || *text == "key") return {};
  return yaml.At(node, fmt::format("{} is 'public' or 'key', not '{}'", what, *text), "access");
}

constexpr char kHost[] = "HOST";
constexpr char kDatabase[] = "DATABASE";
constexpr char kUser[] = "USER";
constexpr char kScope[] = "SCOPE";

constexpr YamlKey<Entry> kKeys[] = {
    {"type", ReadType},
    {"path", ReadKey<&AttachedCatalog::path>},
    {"data_path", ReadKey<&AttachedCatalog::data_path>},
    {"endpoint", ReadEndpoint},
    {"token_endpoint", ReadTokenEndpoint},
    {"scope", ReadLogin<kScope>},
    {"host", ReadLogin<kHost>},
    {"port", ReadPort},
    {"database", ReadLogin<kDatabase>},
    {"user", ReadLogin<kUser>},
    {"password_env", ReadPasswordEnv},
    {"access", ReadAccess},
};

bool IsCatalogName(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](unsigned char c) { return c == '_' || (c < 128 && std::isalnum(c) != 0); });
  const bool taken = std::find(std::begin(kTaken), std::end(kTaken), ToLower(name)) != std::end(kTaken);
  return plain && !taken && !name.empty() && name.size() <= 60 &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0;
}

// That it says what its type wants, and nothing that means nothing to it.
Status CheckWhole(const YamlReader& yaml, const YAML::Node& node, const std::string& owner, const Entry& entry) {
  const AttachedCatalog& catalog = entry.config.catalog;
  if (!entry.has_type) return yaml.At(node, owner + " wants a 'type', such as postgres", "type");
  const bool server = catalog.type == CatalogType::kPostgres || catalog.type == CatalogType::kMySql;
  const bool rest = !catalog.endpoint.empty();
  const bool oauth = catalog.login.contains("TOKEN_ENDPOINT") || catalog.login.contains("SCOPE");
  const bool of_server = catalog.login.contains("HOST") || catalog.login.contains("PORT");
  const bool login = of_server || (!rest && (!catalog.login.empty() || !entry.config.password_env.empty()));
  const std::string_view type = TypeName(catalog.type);
  if (server && !catalog.login.contains("HOST")) return yaml.At(node, owner + " wants a 'host'", "host");
  if (server && (!catalog.path.empty() || !catalog.data_path.empty())) {
    return yaml.At(node, fmt::format("{} is of type {}, a server: it has no 'path'", owner, type), "path");
  }
  if (!server && catalog.path.empty()) {
    return yaml.At(node,
                   fmt::format("{} wants a 'path': the {} in the lake", owner,
                               catalog.is_folder() ? "folder of its tables" : "file"),
                   "path");
  }
  if (oauth && (!rest || !catalog.login.contains("USER"))) {
    return yaml.At(node, owner + ": 'token_endpoint' and 'scope' are for an 'endpoint' whose 'user' asks for a token",
                   "token_endpoint");
  }
  if (rest && catalog.login.contains("USER") && entry.config.password_env.empty()) {
    return yaml.At(node, owner + " has a 'user', so it wants a 'password_env' that names its secret", "password_env");
  }
  if (!server && login) {
    return yaml.At(node, fmt::format("{} is of type {}, files of the lake: it has no host or user", owner, type),
                   "host");
  }
  if (rest && catalog.type != CatalogType::kIceberg) {
    return yaml.At(node, fmt::format("{} is of type {}; 'endpoint' is for iceberg", owner, type), "endpoint");
  }
  if (!catalog.data_path.empty() && catalog.type != CatalogType::kDuckLake) {
    return yaml.At(node, fmt::format("{} is of type {}; 'data_path' is for a ducklake", owner, type), "data_path");
  }
  return {};
}

}  // namespace

Status ReadAttachedConfigs(const YamlReader& yaml, const YAML::Node& node, const std::string& what,
                           AttachedConfigs& configs) {
  const auto entries = yaml.Map(node, what, "shop: {type: sqlite, path: shop.db}");
  if (!entries) return entries.error();
  for (const auto& [name_node, value] : *entries) {
    const std::string& name = name_node.Scalar();
    if (!IsCatalogName(name)) {
      return yaml.At(name_node,
                     fmt::format("'{}' is no catalog's name: letters, digits and '_', 60 at most, no digit "
                                 "first, and none of {}",
                                 name, fmt::join(kTaken, ", ")),
                     name);
    }
    Entry entry;
    entry.config.catalog.name = name;
    const std::string owner = fmt::format("catalog '{}'", name);
    if (auto status = ReadKeys(yaml, value, owner, kKeys, entry); !status) return status;
    if (auto status = CheckWhole(yaml, name_node, owner, entry); !status) return status;
    if (!configs.emplace(ToLower(name), std::move(entry.config)).second) {
      return yaml.At(name_node, fmt::format("'{}' appears twice in {}: SQL ignores case", name, what), name);
    }
  }
  return {};
}

std::vector<std::string> AttachedConfigKeys() { return KeyNames(kKeys); }

}  // namespace eider
