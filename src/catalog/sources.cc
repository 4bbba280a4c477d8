#include "catalog/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/glob.h"
#include "catalog/keys.h"
#include "catalog/side_by_side.h"

namespace eider {
namespace {

// 2,000 objects at 30 ms take 2 s.
constexpr int kLookUps = 32;

Error SameName(const std::string& name, const std::string& first, const std::string& second) {
  return Invalid(
      fmt::format("two sources bear the name '{}': '{}' and '{}'; rename one, or say which is meant with "
                  "`glob` for dataset '{}' in eider.yaml",
                  name, first, second, name));
}

// Puts the objects in order and checks that one format is theirs.
Result<Sources> OfOneFormat(const std::string& name, std::vector<ObjectInfo> objects) {
  std::sort(objects.begin(), objects.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  const SourceFormat format = *FormatOfKey(objects.front().key);
  for (const ObjectInfo& object : objects) {
    if (const SourceFormat other = *FormatOfKey(object.key); other != format) {
      return Invalid(
          fmt::format("dataset '{}' mixes {} ('{}') and {} ('{}'); choose one with `glob` in eider.yaml, "
                      "such as '**/*.{}'",
                      name, FormatName(format), objects.front().key, FormatName(other), object.key,
                      format == SourceFormat::kParquet ? "parquet" : "csv"));
    }
  }
  return Sources{format, std::move(objects), {}};
}

// Files of the root named `name`, from a listing of the root or of the prefix "name.".
std::vector<ObjectInfo> RootFiles(const std::string& name, const Listing& listing) {
  std::vector<ObjectInfo> files;
  std::copy_if(listing.objects.begin(), listing.objects.end(), std::back_inserter(files),
               [&](const ObjectInfo& object) { return StemOfKey(object.key) == name; });
  return files;
}

bool HasFolder(const Listing& root, const std::string& folder) {
  return std::binary_search(root.prefixes.begin(), root.prefixes.end(), folder);
}

Result<std::vector<ObjectInfo>> FolderFiles(const std::string& folder, Listings& listings, const Call& call) {
  const auto listing = listings.Get(folder, /*recursive=*/true, call);
  if (!listing) return listing.error();
  std::vector<ObjectInfo> files;
  for (const ObjectInfo& object : (*listing)->objects) {
    const std::string_view inside = std::string_view(object.key).substr(folder.size());
    if (FormatOfKey(inside) && !IsHiddenKey(inside)) files.push_back(object);
  }
  return files;
}

Result<Sources> FindByName(const std::string& name, const Lookups& lake, const Call& call) {
  const std::string folder = name + "/";
  std::vector<ObjectInfo> files;
  std::vector<ObjectInfo> inside;
  const auto find_inside = [&]() -> Status {
    auto found = FolderFiles(folder, lake.listings, call);
    if (!found) return found.error();
    inside = *std::move(found);
    return {};
  };
  if (const auto root = lake.listings.Kept("", /*recursive=*/false)) {
    files = RootFiles(name, *root);
    if (auto status = HasFolder(*root, folder) ? find_inside() : Status(); !status) return status.error();
  } else {
    const auto find_files = [&]() -> Status {
      const auto beside = lake.listings.Get(name + ".", /*recursive=*/false, call);
      if (!beside) return beside.error();
      files = RootFiles(name, **beside);
      return {};
    };
    // Two round trips at once.
    const int threads = lake.known.store().remote() ? 2 : 1;
    auto status = SideBySide(2, threads, call, [&](std::size_t i) { return i == 0 ? find_files() : find_inside(); });
    if (!status) return status.error();
  }
  if (files.size() > 1) return SameName(name, files[0].key, files[1].key);
  if (!files.empty() && !inside.empty()) return SameName(name, files[0].key, folder);
  if (files.empty() && inside.empty()) {
    return NotFound(
        fmt::format("no dataset '{}': neither a file '{}.parquet', .csv, .json or .ndjson nor a folder "
                    "'{}' with such files",
                    name, name, folder));
  }
  return OfOneFormat(name, files.empty() ? std::move(inside) : std::move(files));
}

Result<Sources> FindByKeys(const std::string& name, const std::vector<std::string>& keys, KnownObjects& known,
                           const Call& call) {
  std::vector<ObjectInfo> objects(keys.size());
  std::vector<std::shared_ptr<const std::string>> tails(keys.size());
  const int threads = known.store().remote() ? kLookUps : 1;
  auto status = SideBySide(keys.size(), threads, call, [&](std::size_t i) -> Status {
    auto object = known.Get(keys[i], call);
    if (object) {
      objects[i] = std::move(object->info);
      tails[i] = std::move(object->tail);
      return {};
    }
    if (object.error().kind != ErrorKind::kNotFound) return object.error();
    return NotFound(fmt::format("dataset '{}': its object '{}' is not in {}", name, keys[i], known.store().name()));
  });
  if (!status) return status.error();
  ObjectTails by_key;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (tails[i]) by_key[keys[i]] = std::move(tails[i]);
  }
  auto sources = OfOneFormat(name, std::move(objects));
  if (sources) sources->tails = std::move(by_key);
  return sources;
}

Result<Sources> FindByGlob(const DatasetConfig& config, const Lookups& lake, const Call& call) {
  if (GlobPrefix(config.glob) == config.glob && FormatOfKey(config.glob)) {
    return FindByKeys(config.name, {config.glob}, lake.known, call);
  }
  const auto listing = lake.listings.Get(GlobPrefix(config.glob), GlobIsRecursive(config.glob), call);
  if (!listing) return listing.error();
  std::vector<ObjectInfo> objects;
  std::string other;
  for (const ObjectInfo& object : (*listing)->objects) {
    if (!GlobMatches(config.glob, object.key)) continue;
    if (FormatOfKey(object.key)) {
      objects.push_back(object);
    } else {
      other = object.key;
    }
  }
  if (objects.empty()) {
    return NotFound(fmt::format("dataset '{}': nothing in the lake matches its glob '{}'{}", config.name, config.glob,
                                other.empty() ? ""
                                              : fmt::format(" but '{}', which is no .parquet, .csv, .json or "
                                                            ".ndjson",
                                                            other)));
  }
  return OfOneFormat(config.name, std::move(objects));
}

// Whether a configured dataset of another name is made of this file of the root, or of something in this folder of it.
bool IsClaimed(std::string_view entry, std::string_view name, const ConfiguredDatasets& configured) {
  const std::string folder = std::string(entry) + "/";
  return std::any_of(configured.begin(), configured.end(), [&](const auto& dataset) {
    const DatasetConfig& config = dataset.second;
    if (config.name == name) return false;
    if (!config.glob.empty()) return GlobMayEnter(config.glob, entry);
    return std::any_of(config.objects.begin(), config.objects.end(),
                       [&](const std::string& key) { return key == entry || key.starts_with(folder); });
  });
}

}  // namespace

Result<Sources> FindSources(const DatasetConfig& config, const ConfiguredDatasets& configured, const Lookups& lake,
                            const Call& call) {
  if (!config.objects.empty()) return FindByKeys(config.name, config.objects, lake.known, call);
  if (!config.glob.empty()) return FindByGlob(config, lake, call);
  auto found = FindByName(config.name, lake, call);
  if (!found || configured.contains(config.name)) return found;
  const std::string& key = found->objects.front().key;
  if (!IsClaimed(std::string_view(key).substr(0, key.find('/')), config.name, configured)) return found;
  return NotFound(fmt::format("no dataset '{}'", config.name));
}

std::vector<std::string> DiscoverNames(const Listing& root, const ConfiguredDatasets& configured) {
  std::set<std::string> names;
  const auto add = [&](std::string_view entry, std::string_view name) {
    if (IsDatasetName(name) && !IsHiddenKey(name) && !IsClaimed(entry, name, configured)) names.emplace(name);
  };
  for (const ObjectInfo& object : root.objects) add(object.key, StemOfKey(object.key));
  for (const std::string& prefix : root.prefixes) {
    const auto folder = std::string_view(prefix).substr(0, prefix.size() - 1);
    add(folder, folder);
  }
  return {names.begin(), names.end()};
}

}  // namespace eider
