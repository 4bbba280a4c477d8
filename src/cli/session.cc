#include "cli/session.h"

#include "cli/verbs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>

#include "base/text.h"
#include "cli/configuration.h"

namespace eider {
namespace {

Result<std::uint64_t> ByteCount(const std::string& text, const char* option) {
  const auto bytes = ParseByteCount(text);
  if (bytes && *bytes > 0) return *bytes;
  return Invalid(fmt::format("{} wants a size such as 512MiB or 2GB, not '{}'", option, text), option);
}

std::string ExtensionFolder(const LakeOptions& options) {
  if (!options.extensions.empty())
    return (std::filesystem::absolute(options.extensions) / "").lexically_normal().parent_path();
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "extensions";
}

// The variables of the environment that eider.yaml may name.
std::map<std::string, std::string> CatalogPasswords() {
  std::map<std::string, std::string> passwords;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (!text.starts_with(kCatalogEnvironment) || equals == std::string_view::npos) continue;
    passwords.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return passwords;
}

Result<std::unique_ptr<Productions>> OpenProductions(const LakeOptions& options, int threads) {
  ProductionOptions production_options;
  const auto spool = ByteCount(options.spool_bytes, "--spool-bytes");
  if (!spool) return spool.error();
  production_options.spool_bytes = *spool;
  production_options.spool_folder =
      options.spool_folder.empty() ? std::filesystem::temp_directory_path().string() : options.spool_folder;
  if (::access(production_options.spool_folder.c_str(), W_OK | X_OK) != 0) {
    return Invalid(fmt::format("the spool folder '{}' cannot be written: {}; name another with --spool-folder",
                               production_options.spool_folder, std::strerror(errno)),
                   "--spool-folder");
  }
  production_options.running = options.queries > 0 ? options.queries : threads;
  production_options.waiting = options.queue;
  return std::make_unique<Productions>(production_options);
}

}  // namespace

Result<Lake> OpenLake(const LakeOptions& options) {
  Lake lake;
  const auto root = LakeRoot(options);
  if (!root) return root.error();
  // Beside the database, for each takes about as long: TLS reads all of the system's certificates.
  auto opening = std::async(std::launch::async, [&] { return OpenStore(*root, options.store); });

  DatabaseOptions database_options;
  const auto memory = ByteCount(options.memory, "--memory");
  if (!memory) return memory.error();
  const auto spill = ByteCount(options.spill_bytes, "--spill-bytes");
  if (!spill) return spill.error();
  database_options.memory_bytes = *memory;
  database_options.spill_bytes = *spill;
  database_options.threads = options.threads;
  database_options.extension_folder = ExtensionFolder(options);
  auto database = Database::Open(database_options);
  auto store = opening.get();
  if (!store) return store.error();
  if (!database) return database.error();
  lake.store = *std::move(store);
  lake.database = *std::move(database);

  CatalogOptions catalog_options;
  catalog_options.config_when_needed = true;
  if (!options.config_file.empty()) {
    auto read = ReadConfiguration(options.config_file, options.store);
    if (!read) return read.error();
    catalog_options.config_yaml = std::move(read->yaml);
    catalog_options.config_name = std::move(read->name);
    lake.model_store = std::move(read->model_store);
    catalog_options.model_store = lake.model_store.get();
  }
  for (const std::string& name : options.model_env) {
    if (const char* value = std::getenv(name.c_str())) catalog_options.model_environment[name] = value;
  }
  catalog_options.passwords = CatalogPasswords();
  // A listing of a bucket costs a round trip and money; one of a folder costs nothing.
  if (lake.store->remote() && !options.revalidate) catalog_options.listing_age = std::chrono::seconds(5);
  const auto read_ahead = ByteCount(options.read_ahead, "--read-ahead");
  if (!read_ahead) return read_ahead.error();
  catalog_options.reads.max_bytes = *read_ahead;
  catalog_options.reads.max_requests = options.requests;
  const auto cache_bytes = ByteCount(options.cache_bytes, "--cache-bytes");
  if (!cache_bytes) return cache_bytes.error();
  const auto cache_memory = ByteCount(options.cache_memory, "--cache-memory");
  if (!cache_memory) return cache_memory.error();
  catalog_options.cache = {*cache_memory, options.cache_folder, *cache_bytes};
  auto catalog = Catalog::Open(*lake.store, *lake.database, catalog_options);
  if (!catalog) return catalog.error();
  lake.catalog = *std::move(catalog);
  return lake;
}

Result<std::string> LakeRoot(const LakeOptions& options) {
  if (!options.lake.empty()) return options.lake;
  if (const char* bucket = std::getenv("DATASET_BUCKET"); bucket != nullptr && *bucket != '\0') {
    return fmt::format("s3://{}/dataset/", bucket);
  }
  return Invalid("no lake: name one with --lake FOLDER or --lake s3://BUCKET/PREFIX, or set EIDER_LAKE", "--lake");
}

ServiceOptions Operator() {
  ServiceOptions options;
  options.trusted = true;
  return options;
}

Status MustBeOutside(const LakeOptions& lake, const std::string& file, const std::string& option) {
  const auto root = LakeRoot(lake);
  std::error_code ignored;
  if (!root || file.empty() || !std::filesystem::is_directory(*root, ignored)) return {};
  const auto folder = std::filesystem::canonical(*root, ignored);
  const auto inside =
      std::filesystem::weakly_canonical(std::filesystem::absolute(file, ignored), ignored).lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") return {};
  return Invalid(fmt::format("'{}' lies in the lake, where its readers could read it; move it elsewhere", file),
                 option);
}

namespace {

// Which stores can be written, they say themselves; of a web site it is known before anybody asks. 0: no results.
Result<std::chrono::seconds> ResultsAge(const LakeOptions& options) {
  if (options.results.empty()) {
    if (options.results_at.empty()) return std::chrono::seconds(0);
    return Invalid("--results-at wants --results, the age at which results are removed, such as 7d", "--results");
  }
  const auto age = ParseDuration(options.results);
  if (!age || age->count() <= 0) {
    return Invalid(
        fmt::format("--results wants the age at which they are removed, such as 7d, not '{}'", options.results),
        "--results");
  }
  const auto lake = LakeRoot(options);
  const std::string& root = options.results_at.empty() && lake ? *lake : options.results_at;
  if (root.starts_with("https://") || root.starts_with("http://")) {
    return Invalid(
        "--results needs a place that can be written: a folder or s3://, which --results-at names where the "
        "lake is none",
        "--results");
  }
  return *age;
}

Result<std::shared_ptr<KeyRing>> OpenKeys(const LakeOptions& options, const Catalog& catalog, const std::string& file) {
  const std::string& path = file.empty() ? catalog.server().keys : file;
  if (auto status = MustBeOutside(options, path, "--keys"); !status) return status.error();
  return KeyRing::Open(catalog.access().keys, path);
}

}  // namespace

Result<Session> OpenSession(const LakeOptions& options, const ServiceOptions& base, const std::string& keys_file,
                            bool keys_close) {
  Session session;
  const auto results_age = ResultsAge(options);
  if (!results_age) return results_age.error();
  auto lake = OpenLake(options);
  if (!lake) return lake.error();
  static_cast<Lake&>(session) = *std::move(lake);
  if (auto status = session.catalog->Configure(); !status) return status.error();
  auto productions = OpenProductions(options, session.database->threads());
  if (!productions) return productions.error();
  session.productions = *std::move(productions);
  auto keys = OpenKeys(options, *session.catalog, keys_file);
  if (!keys) return keys.error();
  session.keys = *std::move(keys);
  ServiceOptions service_options = base;
  service_options.keys = session.keys;
  if (keys_close && session.keys->MayHaveKeys()) service_options.anonymous = false;
  if (const auto told = session.catalog->access().anonymous) service_options.anonymous = *told;
  service_options.time_limit = std::chrono::seconds(options.time_limit_seconds);
  if (!options.result_bytes.empty()) {
    const auto bytes = ByteCount(options.result_bytes, "--result-bytes");
    if (!bytes) return bytes.error();
    service_options.result_bytes = *bytes;
  }
  if (results_age->count() > 0) {
    if (!options.results_at.empty()) {
      auto store = OpenStore(options.results_at, options.store);
      if (!store) return store.error();
      session.result_store = *std::move(store);
    }
    service_options.results = session.result_store ? session.result_store.get() : session.store.get();
    service_options.results_age = *results_age;
  }
  if (!session.catalog->lake().title.empty()) service_options.title = session.catalog->lake().title;
  session.service =
      std::make_unique<Service>(*session.catalog, *session.database, *session.productions, std::move(service_options));
  return session;
}

}  // namespace eider
