#include "catalog/hive.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace eider {
namespace {

constexpr std::string_view kNullValue = "__HIVE_DEFAULT_PARTITION__";

using Partition = std::vector<std::pair<std::string, std::string>>;

// The key=value folders of a key, in order; the file's own name is none.
Partition PartitionOf(std::string_view key) {
  Partition partition;
  auto segments = Split(key, '/');
  segments.pop_back();
  for (const std::string& segment : segments) {
    const auto equals = segment.find('=');
    if (equals == std::string::npos || equals == 0 || segment.find('=', equals + 1) != std::string::npos) continue;
    const std::string raw = segment.substr(equals + 1);
    partition.emplace_back(segment.substr(0, equals), PercentDecode(raw, /*plus_is_space=*/false).value_or(raw));
  }
  return partition;
}

bool IsWrittenAsInteger(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
}

// YYYY-MM-DD that the calendar knows.
bool IsWrittenAsDate(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = ParseUint(text.substr(0, 4));
  const auto month = ParseUint(text.substr(5, 2));
  const auto day = ParseUint(text.substr(8, 2));
  return year && month && day &&
         std::chrono::year_month_day(std::chrono::year(static_cast<int>(*year)),
                                     std::chrono::month(static_cast<unsigned>(*month)),
                                     std::chrono::day(static_cast<unsigned>(*day)))
             .ok();
}

std::string KeysOf(const Partition& partition) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : partition) keys.push_back(key);
  return keys.empty() ? "none" : Join(keys, ", ");
}

bool SameKeys(const Partition& a, const Partition& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

}  // namespace

Result<std::vector<HiveColumn>> LearnHive(const std::vector<ObjectInfo>& objects, const DatasetConfig& config) {
  const Partition first = PartitionOf(objects.front().key);
  std::vector<bool> integers(first.size(), true);
  std::vector<bool> dates(first.size(), true);
  for (const ObjectInfo& object : objects) {
    const Partition partition = PartitionOf(object.key);
    if (!SameKeys(first, partition)) {
      return Invalid(
          fmt::format("dataset '{}': objects '{}' and '{}' lie in folders of different partition keys ({} "
                      "and {}); move one, or choose with `glob` in eider.yaml",
                      config.name, objects.front().key, object.key, KeysOf(first), KeysOf(partition)));
    }
    for (std::size_t i = 0; i < partition.size(); ++i) {
      const std::string& value = partition[i].second;
      if (value == kNullValue) continue;
      integers[i] = integers[i] && IsWrittenAsInteger(value);
      dates[i] = dates[i] && IsWrittenAsDate(value);
    }
  }
  std::vector<HiveColumn> columns;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::string& name = first[i].first;
    const auto wanted = std::find_if(config.types.begin(), config.types.end(),
                                     [&](const auto& type) { return ToLower(type.first) == ToLower(name); });
    const char* learned = integers[i] ? "BIGINT" : dates[i] ? "DATE" : "VARCHAR";
    columns.push_back({name, wanted == config.types.end() ? learned : wanted->second});
  }
  return columns;
}

std::string HiveArguments(const std::vector<HiveColumn>& columns) {
  // Not `false`, which the parser makes a cast of a text, bound and run for each statement.
  if (columns.empty()) return ", hive_partitioning=0";
  std::vector<std::string> types;
  for (const HiveColumn& column : columns) {
    types.push_back(fmt::format("{}: {}", QuoteLiteral(column.name), QuoteLiteral(column.type)));
  }
  return fmt::format(", hive_partitioning=true, hive_types={{{}}}", Join(types, ", "));
}

}  // namespace eider
