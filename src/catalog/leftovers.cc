#include "catalog/leftovers.h"

#include <algorithm>
#include <map>
#include <set>

#include "catalog/manifest.h"

namespace eider {
namespace {

// The parts that no manifest lists. What was listed here before its manifest is read can only be committed meanwhile,
// and then is no leftover.
Status FindObjects(ObjectStore& store, const Call& call, std::vector<Leftover>& leftovers) {
  std::map<std::string, std::vector<ObjectInfo>> parts;  // by dataset folder
  std::set<std::string> managed;                         // folders that have a manifest
  ListRequest all{"", /*recursive=*/true, {}, 1000};
  do {
    auto page = store.List(all, call);
    if (!page) return page.error();
    for (ObjectInfo& object : page->objects) {
      if (IsManifestKey(object.key)) managed.insert(FolderOfManifest(object.key));
      if (IsPartKey(object.key)) parts[FolderOfPart(object.key)].push_back(std::move(object));
    }
    all.continuation = page->next;
  } while (!all.continuation.empty());

  for (const std::string& folder : managed) {
    const auto there = parts.find(folder);
    if (there == parts.end()) continue;
    const auto manifest = ReadManifest(store, folder, call);
    if (!manifest) return manifest.error();
    std::set<std::string> listed;
    for (const ObjectInfo& object : manifest->objects) listed.insert(object.key);
    for (const ObjectInfo& object : there->second) {
      if (listed.contains(object.key)) continue;
      leftovers.push_back(
          {object.key, {}, object.size_bytes, std::max(object.last_modified, manifest->info.last_modified)});
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Leftover>> FindLeftovers(ObjectStore& store, const Call& call) {
  std::vector<Leftover> leftovers;
  if (auto found = FindObjects(store, call, leftovers); !found) return found.error();
  const auto uploads = store.ListUploads(call);
  if (!uploads) return uploads.error();
  for (const UnfinishedUpload& upload : *uploads) {
    // A local temporary has no key, and lies in a folder of Eider's own.
    const bool ours = upload.key.empty() || IsPartKey(upload.key) || IsManifestKey(upload.key);
    leftovers.push_back({upload.key, upload.id, upload.size_bytes, upload.started, ours});
  }
  return leftovers;
}

Status RemoveLeftover(ObjectStore& store, const Leftover& leftover, const Call& call) {
  if (leftover.upload_id.empty()) return store.Delete(leftover.key, call);
  return store.AbortUpload({leftover.key, leftover.upload_id, leftover.size_bytes, leftover.since}, call);
}

}  // namespace eider
