#include "catalog/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
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
  return Sources{format, std::move(objects), {}, {}};
}

// Files of the root named `name`, from a listing of the root or of the prefix "name.".
std::vector<ObjectInfo> RootFiles(const std::string& name, const Listing& listing) {
  std::vector<ObjectInfo> files;
  std::copy_if(listing.objects.begin(), listing.objects.end(), std::back_inserter(files),
               [&](const ObjectInfo& object) { return StemOfKey(object.key) == name; });
  return files;
}

const ObjectInfo* FindObject(const Listing& listing, const std::string& key) {
  const auto found = std::lower_bound(listing.objects.begin(), listing.objects.end(), key,
                                      [](const ObjectInfo& object, const std::string& k) { return object.key < k; });
  return found != listing.objects.end() && found->key == key ? &*found : nullptr;
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

Error NoObjects(const std::string& name) {
  return NotFound(
      fmt::format("no dataset '{}': neither a file '{}.parquet', .csv, .json or .ndjson nor a folder "
                  "'{}/' with such files",
                  name, name, name));
}

// What lies in the folder now, of what its manifest lists: for a store whose ETags the manifest does not hold.
Result<std::vector<ObjectInfo>> ListedNow(const Manifest& manifest, const Listing& listing) {
  std::vector<ObjectInfo> objects;
  auto now = listing.objects.begin();
  for (const ObjectInfo& listed : manifest.objects) {
    now = std::lower_bound(now, listing.objects.end(), listed.key,
                           [](const ObjectInfo& object, const std::string& key) { return object.key < key; });
    if (now == listing.objects.end() || now->key != listed.key || now->size_bytes != listed.size_bytes) {
      return Corrupt(fmt::format("object '{}' is missing or of another size than '{}' lists it with", listed.key,
                                 manifest.info.key));
    }
    objects.push_back(*now);
  }
  return objects;
}

// The sources that a manifest lists. Its ETags are those of the store that it was written to; a copy of the lake, and a
// local folder, whose ETags change when files are moved, are listed.
Result<Sources> FindByManifest(const std::string& name, const std::string& folder, const ObjectInfo& listed,
                               const Lookups& lake, const Call& call) {
  const auto manifest = lake.manifests.Get(folder, listed, call);
  if (!manifest) return manifest.error();
  if ((*manifest)->objects.empty()) return NoObjects(name);
  if (lake.store.remote() && (*manifest)->store == lake.store.name()) {
    return ListedBy(**manifest, (*manifest)->objects);
  }
  const auto listing = lake.listings.Get(folder, /*recursive=*/true, call);
  if (!listing) return listing.error();
  auto objects = ListedNow(**manifest, **listing);
  if (!objects) return objects.error();
  return ListedBy(**manifest, *std::move(objects));
}

// What bears the name beside the root's folders, and what its folder holds: two round trips at once. The folder of a
// dataset with a manifest need not be listed.
Result<Sources> FindByName(const std::string& name, const Lookups& lake, const Call& call) {
  const std::string folder = name + "/";
  std::vector<ObjectInfo> files;
  std::vector<ObjectInfo> inside;
  std::optional<ObjectInfo> manifest;
  std::stop_source needless;
  const std::stop_callback stopped(call.stop, [&] { needless.request_stop(); });
  const auto look_beside = [&](const Listing& beside) {
    files = RootFiles(name, beside);
    const ObjectInfo* found = FindObject(beside, ManifestKey(folder));
    if (found == nullptr || !files.empty()) return;
    manifest = *found;
    needless.request_stop();
  };
  const auto find_inside = [&]() -> Status {
    Call within = call;
    within.stop = needless.get_token();
    auto found = FolderFiles(folder, lake.listings, within);
    if (!found) return needless.stop_requested() && !call.stop.stop_requested() ? Status() : Status(found.error());
    inside = *std::move(found);
    return {};
  };
  if (const auto root = lake.listings.Kept("", /*recursive=*/false)) {
    look_beside(*root);
    const bool wanted = !manifest && HasFolder(*root, folder);
    if (auto status = wanted ? find_inside() : Status(); !status) return status.error();
  } else {
    const auto find_files = [&]() -> Status {
      const auto beside = lake.listings.Get(name + ".", /*recursive=*/false, call);
      if (!beside) return beside.error();
      look_beside(**beside);
      return {};
    };
    const int threads = lake.store.remote() ? 2 : 1;
    const auto find = [&](std::size_t i) {
      return i == 0 ? find_files() : needless.stop_requested() ? Status() : find_inside();
    };
    if (auto status = SideBySide(2, threads, call, find); !status) return status.error();
  }
  if (files.size() > 1) return SameName(name, files[0].key, files[1].key);
  if (manifest) return FindByManifest(name, folder, *manifest, lake, call);
  if (!files.empty() && !inside.empty()) return SameName(name, files[0].key, folder);
  if (files.empty() && inside.empty()) return NoObjects(name);
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

// Leaves out the parts that their dataset's manifest does not list. Only Eider's own names make it look for one.
Status DropUnlisted(std::vector<ObjectInfo>& objects, ObjectStore& store, const Call& call) {
  std::map<std::string, std::optional<std::set<std::string>>> listed;  // by dataset folder; nullopt: it has no manifest
  for (const ObjectInfo& object : objects) {
    if (!IsPartKey(object.key)) continue;
    const auto [entry, fresh] = listed.try_emplace(FolderOfPart(object.key));
    if (!fresh || entry->first.empty()) continue;
    const auto manifest = ReadManifest(store, entry->first, call);
    if (!manifest && manifest.error().kind == ErrorKind::kNotFound) continue;
    if (!manifest) return manifest.error();
    entry->second.emplace();
    for (const ObjectInfo& part : manifest->objects) entry->second->insert(part.key);
  }
  std::erase_if(objects, [&](const ObjectInfo& object) {
    if (!IsPartKey(object.key)) return false;
    const auto& keys = listed[FolderOfPart(object.key)];
    return keys && !keys->contains(object.key);
  });
  return {};
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
  if (auto dropped = DropUnlisted(objects, lake.store, call); !dropped) return dropped.error();
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

Sources ListedBy(const Manifest& manifest, std::vector<ObjectInfo> objects) {
  Sources sources;
  sources.objects = std::move(objects);
  for (const Column& column : manifest.columns) {
    const auto& keys = manifest.partition_by;
    if (std::find(keys.begin(), keys.end(), column.name) == keys.end()) continue;
    sources.types.emplace_back(column.name, column.type);
  }
  sources.one_schema = true;
  return sources;
}

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
