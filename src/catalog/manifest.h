// Manifest: the list of the objects that a dataset written by Eider is made of. Objects lie in "NAME/", the manifest
// beside it as "NAME.manifest": it comes with the listing that looks for "NAME.csv" and the like, so that a dataset
// without one costs no request more. A commit is one conditional PUT of it; what it does not list is no data.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/lru.h"
#include "engine/database.h"
#include "object/object_store.h"

namespace eider {

struct Manifest {
  std::string store;                      // name of the store that gave the ETags
  std::vector<Column> columns;            // all, those that became folders among them
  std::vector<std::string> partition_by;  // columns, in the order of their folders
  std::vector<ObjectInfo> objects;        // in byte order of their keys; last_modified is the manifest's own
  ObjectInfo info;                        // of the manifest itself
};

// `folder` is "NAME/", or "a/b/NAME/" below the root.
std::string ManifestKey(std::string_view folder);
bool IsManifestKey(std::string_view key);
std::string FolderOfManifest(std::string_view manifest_key);

// "part-<id of 32 hexadecimal digits>-<number>.parquet": a name that nothing but Eider's writes gives.
std::string PartName(const std::string& write_id, std::size_t number);
bool IsPartKey(std::string_view key);

// The dataset folder that a part lies in: its key without the name and without the key=value folders before it.
std::string FolderOfPart(std::string_view key);

// kNotFound where there is none; kCorrupt when it is none of Eider's; kUnsupported when it is a newer one's.
Result<Manifest> ReadManifest(ObjectStore& store, const std::string& folder, const Call& call);

// Puts the manifest; kConflict when another is there than the condition says. Answers it with its new info.
Result<Manifest> PutManifest(ObjectStore& store, const std::string& folder, Manifest manifest,
                             const PutCondition& condition, const Call& call);

// Manifests read, kept by their ETag. Thread-safe.
class Manifests {
 public:
  using Pointer = std::shared_ptr<const Manifest>;

  explicit Manifests(ObjectStore& store);

  // The manifest that a listing showed.
  Result<Pointer> Get(const std::string& folder, const ObjectInfo& listed, const Call& call);

 private:
  ObjectStore& store_;
  Lru<Pointer> kept_;
};

}  // namespace eider
