#include "api/result_link.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/unique_id.h"
#include "catalog/catalog.h"
#include "download/format.h"

namespace eider {
namespace {

constexpr std::string_view kInto = "results/";
constexpr std::string_view kFolder = "_results/";
constexpr std::string_view kNobody = "open";
constexpr std::size_t kRandomDigits = 32;  // of UniqueId

// A download that began in time may go on for so long.
constexpr std::chrono::hours kDownloadTime{1};

// "20261129T010000Z": all of one length, so that byte order is the order of time.
std::string CompactTime(WallTime time) {
  std::string text;
  for (const char c : Rfc3339(time).substr(0, 19)) {
    if (c != '-' && c != ':') text += c;
  }
  return text + "Z";
}

std::optional<WallTime> ParseCompactTime(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  return ParseRfc3339(fmt::format("{}-{}-{}:{}:{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 5),
                                  text.substr(11, 2), text.substr(13)));
}

bool IsHexadecimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Known characters alone on both sides of the one dot: what this lets through is a name and never a path.
std::optional<ResultName> ParseFileName(std::string_view file) {
  const auto dot = file.find('.');
  if (dot == std::string_view::npos || !IsDatasetName(file.substr(0, dot))) return std::nullopt;
  const auto format = FormatByExtension(file.substr(dot + 1));
  if (!format) return std::nullopt;
  return ResultName{std::string(file.substr(0, dot)), *format};
}

}  // namespace

Result<ResultName> ParseInto(std::string_view into) {
  if (into.starts_with(kInto)) {
    auto name = ParseFileName(into.substr(kInto.size()));
    if (name && name->format != Format::kGeoJson) return *std::move(name);  // a query has none, a download may
  }
  std::vector<std::string> formats;
  for (const FormatInfo& info : Formats()) {
    if (info.format != Format::kGeoJson) formats.emplace_back(info.extension);
  }
  return Invalid(fmt::format("'into' is results/NAME.FORMAT, such as results/late.parquet; NAME is 1 to 100 letters, "
                             "digits, '_' and '-', FORMAT one of: {}",
                             Join(formats, " ")),
                 "into");
}

std::string ResultLink::FileName() const { return fmt::format("{}.{}", name.stem, InfoOf(name.format).extension); }
std::string ResultLink::Path() const { return fmt::format("{}{}/{}", kResultsPath, id, FileName()); }
std::string ResultLink::Key() const { return fmt::format("{}{}/{}", kFolder, id, FileName()); }

ResultLink MakeResultLink(ResultName name, WallTime kept_until, std::string owner) {
  kept_until = std::chrono::floor<std::chrono::seconds>(kept_until);
  const std::string id =
      fmt::format("{}-{}-{}", CompactTime(kept_until), owner.empty() ? kNobody : std::string_view(owner), UniqueId());
  return {id, std::move(name), kept_until, std::move(owner)};
}

std::optional<ResultLink> ParseResultPath(std::string_view path) {
  if (!path.starts_with(kResultsPath)) return std::nullopt;
  const std::vector<std::string> parts = Split(path.substr(kResultsPath.size()), '/');
  if (parts.size() != 2) return std::nullopt;
  const std::vector<std::string> id = Split(parts[0], '-');
  if (id.size() != 3 || id[2].size() != kRandomDigits || !IsHexadecimal(id[2])) return std::nullopt;
  if (id[1] != kNobody && !IsHexadecimal(id[1])) return std::nullopt;
  const auto kept_until = ParseCompactTime(id[0]);
  auto name = ParseFileName(parts[1]);
  if (!kept_until || !name) return std::nullopt;
  return ResultLink{parts[0], *std::move(name), *kept_until, id[1] == kNobody ? std::string() : id[1]};
}

Status RemoveEndedResults(ObjectStore& store, WallTime now, const Call& call) {
  ListRequest list{std::string(kFolder), /*recursive=*/true, {}, 1000};
  do {
    const auto page = store.List(list, call);
    if (!page) return page.error();
    for (const ObjectInfo& object : page->objects) {
      const auto link = ParseResultPath(std::string(kResultsPath) + object.key.substr(kFolder.size()));
      if (!link) continue;
      if (link->kept_until + kDownloadTime > now) return {};  // and so are all that follow
      if (auto removed = store.Delete(object.key, call); !removed) return removed;
    }
    list.continuation = page->next;
  } while (!list.continuation.empty());
  return {};
}

}  // namespace eider
