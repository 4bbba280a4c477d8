#include "catalog/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "base/text.h"

namespace eider {
namespace {

namespace json = boost::json;

constexpr std::string_view kExtension = ".manifest";
constexpr std::string_view kPart = "part-";
constexpr std::string_view kParquet = ".parquet";
constexpr std::size_t kIdDigits = 32;
constexpr int kVersion = 1;

// 100,000 objects, the most that a dataset may have, with keys of 500 bytes.
constexpr std::uint64_t kMaxBytes = 64ULL << 20;

// A list of 10,000 objects is some 3 MB; a lake has few datasets of that size.
constexpr std::size_t kKeptManifests = 64;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string Text(const json::object& object, const char* name) { return std::string(object.at(name).as_string()); }

// Throws what Boost throws when a member is missing or of another type.
Manifest FromJson(const json::object& object, const std::string& folder) {
  Manifest manifest;
  manifest.store = Text(object, "store");
  for (const json::value& column : object.at("columns").as_array()) {
    manifest.columns.push_back({Text(column.as_object(), "name"), Text(column.as_object(), "type")});
  }
  for (const json::value& name : object.at("partition_by").as_array()) {
    manifest.partition_by.emplace_back(name.as_string());
  }
  for (const json::value& entry : object.at("objects").as_array()) {
    const json::object& part = entry.as_object();
    manifest.objects.push_back(
        {folder + Text(part, "key"), part.at("size").to_number<std::uint64_t>(), Text(part, "etag"), {}});
  }
  return manifest;
}

json::object ToJson(const Manifest& manifest, const std::string& folder) {
  json::array columns;
  for (const Column& column : manifest.columns) columns.push_back({{"name", column.name}, {"type", column.type}});
  json::array partition_by;
  for (const std::string& name : manifest.partition_by) partition_by.emplace_back(name);
  json::array objects;
  for (const ObjectInfo& object : manifest.objects) {
    objects.push_back({{"key", object.key.substr(folder.size())}, {"size", object.size_bytes}, {"etag", object.etag}});
  }
  return {{"version", kVersion},
          {"format", "parquet"},
          {"store", manifest.store},
          {"columns", std::move(columns)},
          {"partition_by", std::move(partition_by)},
          {"objects", std::move(objects)}};
}

Result<Manifest> Parse(const std::string& text, const std::string& folder) {
  const std::string key = ManifestKey(folder);
  try {
    const json::value value = json::parse(text);
    const json::object& object = value.as_object();
    if (object.at("version").to_number<int>() != kVersion || Text(object, "format") != "parquet") {
      return Error{ErrorKind::kUnsupported, fmt::format("'{}' was written by a newer Eider", key), {}};
    }
    Manifest manifest = FromJson(object, folder);
    for (const ObjectInfo& part : manifest.objects) {
      if (auto valid = CheckKey(part.key); !valid) return Corrupt(fmt::format("'{}' lists no key: {}", key, part.key));
    }
    return manifest;
  } catch (const std::exception&) {
    return Corrupt(fmt::format("'{}' is no manifest of Eider's: remove it, or write the dataset again", key));
  }
}

}  // namespace

std::string ManifestKey(std::string_view folder) {
  return std::string(folder.substr(0, folder.size() - 1)) + std::string(kExtension);
}

bool IsManifestKey(std::string_view key) {
  return key.ends_with(kExtension) && key.size() > kExtension.size() && key[key.size() - kExtension.size() - 1] != '/';
}

std::string FolderOfManifest(std::string_view key) {
  return std::string(key.substr(0, key.size() - kExtension.size())) + '/';
}

std::string PartName(const std::string& write_id, std::size_t number) {
  return fmt::format("{}{}-{}{}", kPart, write_id, number, kParquet);
}

bool IsPartKey(std::string_view key) {
  std::string_view name = key.substr(key.rfind('/') + 1);
  if (!name.starts_with(kPart) || !name.ends_with(kParquet)) return false;
  name = name.substr(kPart.size(), name.size() - kPart.size() - kParquet.size());
  return name.size() > kIdDigits + 1 && name[kIdDigits] == '-' && IsHex(name.substr(0, kIdDigits)) &&
         ParseUint(name.substr(kIdDigits + 1)).has_value();
}

std::string FolderOfPart(std::string_view key) {
  std::size_t end = key.rfind('/');
  while (end != std::string_view::npos) {
    const std::size_t before = end == 0 ? std::string_view::npos : key.rfind('/', end - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    if (key.substr(begin, end - begin).find('=') == std::string_view::npos) break;
    end = before;
  }
  return end == std::string_view::npos ? std::string() : std::string(key.substr(0, end + 1));
}

Result<Manifest> ReadManifest(ObjectStore& store, const std::string& folder, const Call& call) {
  std::string text;
  const auto append = [&](std::span<const char> piece) {
    text.append(piece.data(), piece.size());
    return text.size() <= kMaxBytes;
  };
  auto info = store.Get({ManifestKey(folder), {}, {}, {}}, append, call);
  if (text.size() > kMaxBytes) return Corrupt(fmt::format("'{}' is too large for a manifest", ManifestKey(folder)));
  if (!info) return info.error();
  auto manifest = Parse(text, folder);
  if (!manifest) return manifest;
  for (ObjectInfo& object : manifest->objects) object.last_modified = info->last_modified;
  manifest->info = *std::move(info);
  return manifest;
}

Result<Manifest> PutManifest(ObjectStore& store, const std::string& folder, Manifest manifest,
                             const PutCondition& condition, const Call& call) {
  manifest.store = store.name();
  std::sort(manifest.objects.begin(), manifest.objects.end(),
            [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
  const std::string text = json::serialize(ToJson(manifest, folder));
  auto put = store.Put(ManifestKey(folder), text, condition, call);
  if (!put) return put.error();
  manifest.info = *std::move(put);
  return manifest;
}

Manifests::Manifests(ObjectStore& store) : store_(store), kept_(kKeptManifests) {}

Result<Manifests::Pointer> Manifests::Get(const std::string& folder, const ObjectInfo& listed, const Call& call) {
  const std::string cached = folder + ' ' + listed.etag;
  if (auto kept = kept_.Get(cached)) return *kept;
  auto read = ReadManifest(store_, folder, call);
  if (!read) return read.error();
  auto manifest = std::make_shared<const Manifest>(*std::move(read));
  kept_.Put(folder + ' ' + manifest->info.etag, manifest);
  return Pointer(std::move(manifest));
}

}  // namespace eider
