#include "engine/attachments.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "duckdb/main/valid_checker.hpp"
#include "engine/attach_sql.h"
#include "engine/duckdb_error.h"
#include "engine/instance.h"
#include "engine/store_file_system.h"

namespace eider {
namespace {

// So that a page that asks with each key does not knock at each, and who has mended it need not wait.
constexpr std::chrono::seconds kHold{2};

// What a server's tables are DuckDB reads once; those of another day are to be seen without a new start.
constexpr std::chrono::seconds kServerAge{30};

bool IsServer(const AttachedCatalog& catalog) {
  return catalog.type == CatalogType::kPostgres || catalog.type == CatalogType::kMySql;
}

// What tells that a catalog in a file is another one now; empty where its extension sees that by itself.
Result<std::string> VersionOf(const AttachedCatalog& catalog) {
  if (catalog.path.empty() || catalog.is_folder() || !catalog.endpoint.empty()) return std::string();
  const auto info = catalog.store->Head(catalog.path);
  if (!info) return info.error();
  return info->etag;
}

void Replace(std::string& text, const std::string& what, const std::string& with) {
  if (what.empty()) return;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// DuckDB's words for what went wrong, without the way in.
std::string Redacted(std::string message, const AttachedCatalog& catalog, const std::string& alias) {
  if (const auto at = message.find(" at \""); at != std::string::npos) {
    const auto end = message.find("\": ", at);
    if (end != std::string::npos) message.erase(at, end + 1 - at);
  }
  const auto password = catalog.login.find("PASSWORD");
  if (password != catalog.login.end()) Replace(message, password->second, "***");
  if (alias != catalog.name) Replace(message, alias, catalog.name);
  if (catalog.store != nullptr && !catalog.path.empty()) Replace(message, RootOf(*catalog.store), "");
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

Error CannotAttach(const AttachedCatalog& catalog, const std::string& why) {
  return {ErrorKind::kUnavailable, fmt::format("catalog '{}' cannot be attached: {}", catalog.name, why), {}};
}

}  // namespace

Attachment::Attachment(std::shared_ptr<duckdb::DuckDB> instance, std::shared_ptr<const AttachedCatalog> catalog,
                       std::string alias, std::string version, SteadyTime since)
    : instance_(std::move(instance)),
      catalog_(std::move(catalog)),
      alias_(std::move(alias)),
      version_(std::move(version)),
      since_(since) {}

Attachment::~Attachment() {
  if (catalog_->is_folder()) return;
  const auto ignored = Guarded([&]() -> Status {
    duckdb::Connection connection(*instance_);
    return RunOwn(connection, fmt::format("DETACH DATABASE IF EXISTS {}", QuoteIdentifier(alias_)));
  });
}

bool ToldInFull(const Statement& statement) { return statement.quotable && !statement.confined; }

Error Attached::Explain(Error error, bool in_full) const {
  const bool broken = error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kInternal;
  std::vector<std::string> names;
  for (const auto& [name, attachment] : catalogs) {
    error.message = Redacted(std::move(error.message), attachment->catalog(), attachment->alias());
    names.push_back(fmt::format("'{}'", attachment->catalog().name));
    if (broken) attachment->failed = true;
  }
  if (!broken) return error;
  const std::string which =
      fmt::format("{} {}", names.size() == 1 ? "catalog" : "one of the catalogs", Join(names, ", "));
  Log(LogLevel::kWarn, "catalog", {{"catalog", which}, {"error", std::string_view(error.message)}});
  error.kind = ErrorKind::kUnavailable;
  error.message = in_full ? fmt::format("{} failed: {}", which, error.message)
                          : fmt::format("{} failed; the log says why. What does not name it is answered", which);
  return error;
}

Attachments::Attachments(DatabaseOptions options) : options_(std::move(options)) {
  options_.spill_folder += "/catalogs";
  // Beside the memory of the statements over the lake alone.
  options_.memory_bytes /= 2;
}

Result<Attached> Attachments::Attach(const Statement& statement) {
  Attached attached;
  const auto instance = Instance();
  if (!instance) return instance.error();
  attached.instance = *instance;
  for (const auto& [name, catalog] : statement.catalogs) {
    auto one = AttachOne(*instance, name, catalog);
    if (!one) {
      Error error = one.error();
      if (!ToldInFull(statement)) {
        error.message = fmt::format(
            "catalog '{}' cannot be attached; the log says why. What does not name it is answered", catalog->name);
      }
      return error;
    }
    attached.catalogs.emplace(name, *std::move(one));
  }
  return attached;
}

Result<Attachments::InstancePointer> Attachments::Instance() {
  const std::lock_guard lock(mutex_);
  if (instance_ && !duckdb::ValidChecker::IsInvalidated(*instance_->instance)) return instance_;
  return Guarded([&]() -> Result<InstancePointer> {
    auto closed = duckdb::make_uniq<ClosedFileSystem>(std::vector{options_.spill_folder, options_.extension_folder});
    auto instance = OpenAttachingInstance(options_, std::move(closed));
    if (!instance) return instance.error();
    auto files = duckdb::make_uniq<StoreFileSystem>();
    files_ = files.get();
    (*instance)->instance->GetFileSystem().RegisterSubSystem(std::move(files));
    loaded_.clear();
    instance_ = *std::move(instance);
    return instance_;
  });
}

Status Attachments::Load(duckdb::DuckDB& instance, const AttachedCatalog& catalog) {
  const std::lock_guard lock(mutex_);
  if (&instance != instance_.get()) return CannotAttach(catalog, "DuckDB begins anew; ask again");
  for (const std::string& name : ExtensionsOf(catalog)) {
    if (loaded_.contains(name)) continue;
    const std::string path = fmt::format("{}/{}.duckdb_extension", options_.extension_folder, name);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
      return CannotAttach(catalog, fmt::format("it needs DuckDB's extension {}, and there is no '{}'; ./dev setup "
                                               "fetches it, --extensions names another folder",
                                               name, path));
    }
    duckdb::Connection connection(instance);
    if (auto loaded = RunOwn(connection, fmt::format("LOAD {}", QuoteLiteral(path))); !loaded) {
      return CannotAttach(catalog, loaded.error().message);
    }
    // Its HTTP is wanted, for Iceberg's protocol; its file systems would open what the store's does not.
    if (name == "httpfs") {
      constexpr const char* kDisable = "SET disabled_filesystems='HTTPFileSystem,S3FileSystem,HuggingFaceFileSystem'";
      if (auto disabled = RunOwn(connection, kDisable); !disabled) return disabled;
    }
    loaded_.insert(name);
  }
  files_->Allow(catalog);
  return {};
}

Result<std::shared_ptr<Attachment>> Attachments::AttachOne(const InstancePointer& instance, const std::string& name,
                                                           const std::shared_ptr<const AttachedCatalog>& catalog) {
  Entry* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    entry = &entries_[name];
  }
  const std::lock_guard lock(entry->mutex);
  const SteadyTime now = options_.clock();
  if (entry->error && now - entry->tried < kHold) return *entry->error;
  entry->error.reset();
  auto version = VersionOf(*catalog);
  if (version && entry->current && entry->current->instance() == instance && !entry->current->failed &&
      entry->current->version() == *version && (!IsServer(*catalog) || now - entry->current->since() < kServerAge)) {
    return entry->current;
  }
  entry->current.reset();
  entry->tried = now;
  auto attached = version ? AttachAnew(instance, *entry, catalog, *std::move(version))
                          : Result<std::shared_ptr<Attachment>>(CannotAttach(*catalog, version.error().message));
  if (attached) {
    entry->current = *attached;
  } else {
    entry->error = attached.error();
    Log(LogLevel::kWarn, "catalog",
        {{"catalog", std::string_view(catalog->name)}, {"error", std::string_view(attached.error().message)}});
  }
  return attached;
}

Result<std::shared_ptr<Attachment>> Attachments::AttachAnew(const InstancePointer& instance, Entry& entry,
                                                            const std::shared_ptr<const AttachedCatalog>& catalog,
                                                            std::string version) {
  std::string alias = catalog->name;
  // A plain word: DuckLake puts it into the SQL of its views as it is. Where another catalog has that name, DuckDB
  // refuses it, and the next time takes the next.
  if (entry.times++ > 0) alias += fmt::format("__{}", entry.times);
  const Status done = Guarded([&]() -> Status {
    if (WantsDisk(*catalog) && catalog->store->remote()) {
      return CannotAttach(*catalog, fmt::format("files of {} are read where the lake is a folder on a disk; DuckDB's "
                                                "extension would go around the store of any other",
                                                catalog->type == CatalogType::kDelta ? "Delta" : "SQLite"));
    }
    if (auto loaded = Load(*instance, *catalog); !loaded) return loaded;
    duckdb::Connection connection(*instance);
    for (const std::string& sql : AttachSql(*catalog, alias)) {
      if (auto run = RunOwn(connection, sql); !run)
        return CannotAttach(*catalog, Redacted(run.error().message, *catalog, alias));
    }
    return {};
  });
  if (!done) return done.error();
  return std::make_shared<Attachment>(instance, catalog, std::move(alias), std::move(version), options_.clock());
}

}  // namespace eider
