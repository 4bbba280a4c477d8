#include "catalog/models.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "catalog/keys.h"
#include "catalog/side_by_side.h"

namespace eider {
namespace {

constexpr std::string_view kTestsFolder = "tests/";

// Written by hand; more than this is something else.
constexpr std::uint64_t kMaxFileBytes = 1ULL << 20;
constexpr std::size_t kMaxFiles = 10'000;

constexpr int kReads = 32;
constexpr std::size_t kKept = 4;

bool IsSql(std::string_view key) { return key.ends_with(".sql"); }
bool IsProperties(std::string_view key) { return key.ends_with(".yml") || key.ends_with(".yaml"); }

// ".git/x.sql" is somebody else's; tests/generic/ holds dbt's macros.
bool IsRead(std::string_view key) {
  return key.find("/.") == std::string_view::npos && !key.starts_with("tests/generic/") &&
         (IsSql(key) || (IsProperties(key) && key.starts_with(kModelsFolder)));
}

}  // namespace

ModelFiles::ModelFiles(ObjectStore& store, Listings& listings, ModelContext context)
    : store_(store), listings_(listings), context_(std::move(context)), kept_(kKept) {}

Result<std::vector<ObjectInfo>> ModelFiles::List(const std::string& folder, const Call& call) {
  std::vector<ObjectInfo> files;
  const auto listing = listings_.Get(folder, /*recursive=*/true, call);
  if (!listing) {
    // A web server cannot be listed, and who may read datasets may not list everything.
    const ErrorKind kind = listing.error().kind;
    if (kind == ErrorKind::kUnsupported || kind == ErrorKind::kDenied) return files;
    return listing.error();
  }
  for (const ObjectInfo& object : (*listing)->objects) {
    if (IsRead(object.key)) files.push_back(object);
  }
  if (files.size() <= kMaxFiles) return files;
  return Invalid(fmt::format("'{}' holds {} files of models; at most {} are read", folder, files.size(), kMaxFiles));
}

Result<ModelFiles::Pointer> ModelFiles::Get(const CatalogConfig& config, const Call& call, const Listing* root) {
  const auto kept = root == nullptr ? listings_.Kept("", /*recursive=*/false) : nullptr;
  if (kept) root = kept.get();
  const std::string folder(kModelsFolder);
  const bool there = root == nullptr || std::binary_search(root->prefixes.begin(), root->prefixes.end(), folder);
  auto files = there ? List(folder, call) : std::vector<ObjectInfo>();
  if (!files) return files.error();
  if (files->empty()) return std::make_shared<const Models>(Models{config.views, {}, {}, {}});
  const auto tests = List(std::string(kTestsFolder), call);
  if (!tests) return tests.error();
  files->insert(files->end(), tests->begin(), tests->end());
  PartsDigest digest;
  for (const ObjectInfo& file : *files) {
    digest.Add(file.key);
    digest.Add(file.etag);
  }
  if (auto read = kept_.Get(digest.Hex())) return *read;
  std::vector<std::string> texts(files->size());
  auto read = SideBySide(files->size(), store_.remote() ? kReads : 1, call, [&](std::size_t i) -> Status {
    auto text = GetAll(store_, (*files)[i].key, kMaxFileBytes, call);
    if (!text) return text.error();
    texts[i] = *std::move(text);
    return {};
  });
  if (!read) return read.error();
  std::map<std::string, std::string> by_key;
  for (std::size_t i = 0; i < texts.size(); ++i) by_key[(*files)[i].key] = std::move(texts[i]);
  auto models = std::make_shared<const Models>(ReadModels(by_key, config, context_));
  kept_.Put(digest.Hex(), models);
  return Pointer(std::move(models));
}

}  // namespace eider
