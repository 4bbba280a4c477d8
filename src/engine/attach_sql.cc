#include "engine/attach_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "engine/database.h"
#include "engine/store_file_system.h"

namespace eider {
namespace {

constexpr std::string_view kSecret = "eider_catalog";

// Seconds until a PostgreSQL server that does not answer counts as down: ten round trips around the world. MySQL's
// client takes no such limit from DuckDB.
constexpr int kConnectTimeout = 5;

constexpr std::string_view kServerSchemas[] = {"information_schema", "pg_catalog", "pg_toast", "mysql",
                                               "performance_schema", "sys"};

bool IsSqliteFile(const std::string& path) {
  return path.ends_with(".sqlite") || path.ends_with(".sqlite3") || path.ends_with(".db");
}

std::string SecretSql(const AttachedCatalog& catalog, std::string_view name, std::string_view type) {
  std::string sql = fmt::format("CREATE OR REPLACE TEMPORARY SECRET {} (TYPE {}", name, type);
  for (const auto& [key, value] : catalog.login) sql += fmt::format(", {} {}", key, QuoteLiteral(value));
  return sql + ")";
}

std::vector<std::string> AttachServer(const AttachedCatalog& catalog, const std::string& alias, std::string_view type,
                                      std::string_view parameters) {
  const std::string secret = fmt::format("{}_{}", kSecret, catalog.name);
  return {SecretSql(catalog, QuoteIdentifier(secret), type),
          fmt::format("ATTACH {} AS {} (TYPE {}, READ_ONLY, SECRET {})", QuoteLiteral(parameters),
                      QuoteIdentifier(alias), type, QuoteIdentifier(secret)),
          fmt::format("DROP SECRET {}", QuoteIdentifier(secret))};
}

std::vector<std::string> AttachIceberg(const AttachedCatalog& catalog, const std::string& alias) {
  const auto login = [&](const char* key) {
    const auto found = catalog.login.find(key);
    return found == catalog.login.end() ? std::string() : found->second;
  };
  // What the server might hand out to reach a store is not asked for: the lake's is.
  std::string attach =
      fmt::format("ATTACH {} AS {} (TYPE iceberg, READ_ONLY, ENDPOINT {}, ACCESS_DELEGATION_MODE 'none'",
                  QuoteLiteral(login("DATABASE")), QuoteIdentifier(alias), QuoteLiteral(catalog.endpoint));
  if (login("PASSWORD").empty()) return {attach + ", AUTHORIZATION_TYPE 'none')"};
  const std::string secret = QuoteIdentifier(fmt::format("{}_{}", kSecret, catalog.name));
  std::string create = fmt::format("CREATE OR REPLACE TEMPORARY SECRET {} (TYPE iceberg", secret);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) create += fmt::format(", {} {}", name, QuoteLiteral(value));
  };
  // OAuth2's client credentials, for which a token is asked; without a client the password is one.
  const std::string client = login("USER");
  add("CLIENT_ID", client);
  add(client.empty() ? "TOKEN" : "CLIENT_SECRET", login("PASSWORD"));
  // The endpoint's own is what Iceberg's protocol once said, and what catalogs without a server of tokens have.
  const std::string tokens = login("TOKEN_ENDPOINT");
  if (!client.empty()) add("OAUTH2_SERVER_URI", tokens.empty() ? catalog.endpoint + "/v1/oauth/tokens" : tokens);
  add("OAUTH2_SCOPE", login("SCOPE"));
  return {create + ")", fmt::format("{}, SECRET {})", attach, secret), fmt::format("DROP SECRET {}", secret)};
}

std::vector<std::string> AttachDuckLake(const AttachedCatalog& catalog, const std::string& alias) {
  const std::string root = RootOf(*catalog.store);
  const char* kind = IsSqliteFile(catalog.path) ? "ducklake:sqlite:" : "ducklake:";
  std::string data;
  if (!catalog.data_path.empty()) {
    data = fmt::format(", DATA_PATH {}, OVERRIDE_DATA_PATH true", QuoteLiteral(root + catalog.data_path + "/"));
  }
  return {fmt::format("ATTACH {} AS {} (READ_ONLY{})", QuoteLiteral(kind + root + catalog.path), QuoteIdentifier(alias),
                      data)};
}

}  // namespace

std::string_view TypeName(CatalogType type) {
  switch (type) {
    case CatalogType::kDelta: return "delta";
    case CatalogType::kDuckLake: return "ducklake";
    case CatalogType::kIceberg: return "iceberg";
    case CatalogType::kMySql: return "mysql";
    case CatalogType::kPostgres: return "postgres";
    case CatalogType::kSqlite: return "sqlite";
  }
  return "";
}

bool TellsOfServer(std::string_view schema) {
  return std::find(std::begin(kServerSchemas), std::end(kServerSchemas), schema) != std::end(kServerSchemas);
}

std::vector<std::string> ExtensionsOf(const AttachedCatalog& catalog) {
  switch (catalog.type) {
    case CatalogType::kDelta: return {"delta"};
    case CatalogType::kDuckLake:
      if (IsSqliteFile(catalog.path)) return {"sqlite_scanner", "ducklake"};
      // ATTACH wants it for what begins with s3:// or https://, whoever opens that.
      if (catalog.store->remote()) return {"httpfs", "ducklake"};
      return {"ducklake"};
    case CatalogType::kIceberg:
      if (!catalog.endpoint.empty()) return {"httpfs", "avro", "iceberg"};
      return {"avro", "iceberg"};
    case CatalogType::kMySql: return {"mysql_scanner"};
    case CatalogType::kPostgres: return {"postgres_scanner"};
    case CatalogType::kSqlite: return {"sqlite_scanner"};
  }
  return {};
}

bool WantsDisk(const AttachedCatalog& catalog) {
  const bool sqlite = catalog.type == CatalogType::kDuckLake && IsSqliteFile(catalog.path);
  return sqlite || catalog.type == CatalogType::kSqlite || catalog.type == CatalogType::kDelta;
}

std::vector<std::string> AttachSql(const AttachedCatalog& catalog, const std::string& alias) {
  switch (catalog.type) {
    case CatalogType::kDelta: return {};
    case CatalogType::kIceberg: return catalog.is_folder() ? std::vector<std::string>() : AttachIceberg(catalog, alias);
    case CatalogType::kDuckLake: return AttachDuckLake(catalog, alias);
    case CatalogType::kMySql: return AttachServer(catalog, alias, "mysql", "");
    case CatalogType::kPostgres:
      return AttachServer(catalog, alias, "postgres",
                          fmt::format("application_name=eider connect_timeout={}", kConnectTimeout));
    case CatalogType::kSqlite:
      return {fmt::format("ATTACH {} AS {} (TYPE sqlite, READ_ONLY)",
                          QuoteLiteral(RootOf(*catalog.store) + catalog.path), QuoteIdentifier(alias))};
  }
  return {};
}

Result<std::string> FolderRelation(const AttachedCatalog& catalog, const std::string& schema,
                                   const std::string& table) {
  std::string folder = RootOf(*catalog.store) + catalog.path;
  for (const std::string& part : {schema, table}) {
    if (part.empty()) continue;
    if (!CheckKey(part) || part.find_first_of("/\\*?[%") != std::string::npos) {
      return Invalid(fmt::format("'{}' is no table of catalog '{}', whose tables are folders", part, catalog.name));
    }
    folder += "/" + part;
  }
  if (catalog.type == CatalogType::kDelta) return fmt::format("delta_scan({})", QuoteLiteral(folder));
  return fmt::format("iceberg_scan({}, allow_moved_paths := true)", QuoteLiteral(folder));
}

std::vector<std::string> KeysOf(const AttachedCatalog& catalog) {
  if (catalog.path.empty()) return {};
  if (catalog.is_folder() || !catalog.endpoint.empty()) return {catalog.path + "/"};
  if (catalog.type == CatalogType::kSqlite) return {catalog.path, catalog.path + "-wal", catalog.path + "-journal"};
  // Where DuckLake itself puts the data of a file of metadata, unless it is told another place.
  const std::string data = catalog.data_path.empty() ? catalog.path + ".files" : catalog.data_path;
  return {catalog.path, catalog.path + ".wal", data + "/"};
}

}  // namespace eider
