#include "catalog/keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/text.h"

namespace eider {
namespace {

constexpr std::array<std::pair<std::string_view, SourceFormat>, 7> kExtensions = {{
    {".parquet", SourceFormat::kParquet},
    {".csv", SourceFormat::kCsv},
    {".csv.gz", SourceFormat::kCsv},
    {".json", SourceFormat::kJson},
    {".json.gz", SourceFormat::kJson},
    {".ndjson", SourceFormat::kJson},
    {".ndjson.gz", SourceFormat::kJson},
}};

const std::pair<std::string_view, SourceFormat>* ExtensionOf(std::string_view key) {
  const std::string lower = ToLower(key);
  const auto found = std::find_if(kExtensions.begin(), kExtensions.end(),
                                  [&](const auto& extension) { return lower.ends_with(extension.first); });
  return found == kExtensions.end() ? nullptr : &*found;
}

bool IsNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

}  // namespace

bool IsDatasetName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), IsNameCharacter);
}

std::optional<SourceFormat> FormatOfKey(std::string_view key) {
  const auto* extension = ExtensionOf(key);
  return extension == nullptr ? std::nullopt : std::optional(extension->second);
}

std::string_view StemOfKey(std::string_view key) {
  const auto* extension = ExtensionOf(key);
  return extension == nullptr ? std::string_view() : key.substr(0, key.size() - extension->first.size());
}

bool IsHiddenKey(std::string_view key) {
  for (std::size_t start = 0; start < key.size();) {
    if (key[start] == '.' || key[start] == '_') return true;
    const auto slash = key.find('/', start);
    if (slash == std::string_view::npos) break;
    start = slash + 1;
  }
  return false;
}

std::string_view FormatName(SourceFormat format) {
  switch (format) {
    case SourceFormat::kParquet: return "Parquet";
    case SourceFormat::kCsv: return "CSV";
    case SourceFormat::kJson: return "JSON";
    case SourceFormat::kView: return "a view";
  }
  return "";
}

}  // namespace eider
