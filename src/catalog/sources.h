// Sources: the objects of one dataset, found by its name, its glob or its list of keys.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/known_objects.h"
#include "catalog/listings.h"
#include "catalog/manifest.h"
#include "lake/snapshot.h"

namespace eider {

struct Sources {
  SourceFormat format = SourceFormat::kParquet;
  std::vector<ObjectInfo> objects;  // at least one, in byte order of their keys
  ObjectTails tails;                // of objects that were asked for by their key
  // Of a dataset that has a manifest: the types of its partition columns, and that all its objects have one schema.
  std::vector<std::pair<std::string, std::string>> types;
  bool one_schema = false;
};

// How objects are found: by listing, by their keys, or in a manifest.
struct Lookups {
  ObjectStore& store;
  Listings& listings;
  KnownObjects& known;
  Manifests& manifests;
};

using ConfiguredDatasets = std::map<std::string, DatasetConfig>;  // by name

// kNotFound when nothing bears the dataset's name or matches its glob; kInvalid naming two objects when they are of
// different formats or when a file and a folder bear the same name. A dataset that is not among the configured ones is
// not found when one of these is made of its objects. Where a folder has a manifest, its objects are those listed
// there.
Result<Sources> FindSources(const DatasetConfig& config, const ConfiguredDatasets& configured, const Lookups& lake,
                            const Call& call);

// The sources that a manifest lists, whatever the lake holds: `objects` are its own as they are now.
Sources ListedBy(const Manifest& manifest, std::vector<ObjectInfo> objects);

// The names that discovery gives the root's files and folders, in byte order, each once, without those that configured
// datasets of another name are made of. Whether a folder holds data is not known before its dataset is opened.
std::vector<std::string> DiscoverNames(const Listing& root, const ConfiguredDatasets& configured);

}  // namespace eider
