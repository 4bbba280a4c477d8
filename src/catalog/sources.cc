#include "catalog/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/glob.h"
#include "catalog/keys.h"

namespace eider {
namespace {

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
  return Sources{format, std::move(objects)};
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

Result<Sources> FindByName(const std::string& name, Listings& listings, const Call& call) {
  const std::string folder = name + "/";
  std::vector<ObjectInfo> files;
  bool folder_possible = true;
  if (const auto root = listings.Kept("", /*recursive=*/false)) {
    files = RootFiles(name, *root);
    folder_possible = HasFolder(*root, folder);
  } else {
    const auto beside = listings.Get(name + ".", /*recursive=*/false, call);
    if (!beside) return beside.error();
    files = RootFiles(name, **beside);
  }
  if (files.size() > 1) return SameName(name, files[0].key, files[1].key);
  std::vector<ObjectInfo> inside;
  if (folder_possible) {
    auto found = FolderFiles(folder, listings, call);
    if (!found) return found.error();
    inside = *std::move(found);
  }
  if (!files.empty() && !inside.empty()) return SameName(name, files[0].key, folder);
  if (files.empty() && inside.empty()) {
    return NotFound(
        fmt::format("no dataset '{}': neither a file '{}.parquet', .csv, .json or .ndjson nor a folder "
                    "'{}' with such files",
                    name, name, folder));
  }
  return OfOneFormat(name, files.empty() ? std::move(inside) : std::move(files));
}

Result<Sources> FindByGlob(const DatasetConfig& config, Listings& listings, const Call& call) {
  const auto listing = listings.Get(GlobPrefix(config.glob), GlobIsRecursive(config.glob), call);
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

Result<Sources> FindByList(const DatasetConfig& config, ObjectStore& store, const Call& call) {
  std::vector<ObjectInfo> objects;
  for (const std::string& key : config.objects) {
    auto object = store.Head(key, call);
    if (!object && object.error().kind == ErrorKind::kNotFound) {
      return NotFound(fmt::format("dataset '{}': its object '{}' is not in {}", config.name, key, store.name()));
    }
    if (!object) return object.error();
    objects.push_back(*std::move(object));
  }
  return OfOneFormat(config.name, std::move(objects));
}

}  // namespace

Result<Sources> FindSources(const DatasetConfig& config, ObjectStore& store, Listings& listings, const Call& call) {
  if (!config.objects.empty()) return FindByList(config, store, call);
  if (!config.glob.empty()) return FindByGlob(config, listings, call);
  return FindByName(config.name, listings, call);
}

std::vector<std::string> DiscoverNames(const Listing& root) {
  std::set<std::string> names;
  for (const ObjectInfo& object : root.objects) names.emplace(StemOfKey(object.key));
  for (const std::string& prefix : root.prefixes) names.insert(prefix.substr(0, prefix.size() - 1));
  std::erase_if(names, [](const std::string& name) { return !IsDatasetName(name) || IsHiddenKey(name); });
  return {names.begin(), names.end()};
}

}  // namespace eider
