#include "catalog/model_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "catalog/keys.h"
#include "object/object_store.h"

namespace eider {
namespace {

constexpr std::array<std::pair<std::string_view, Materialization>, 4> kMaterializations = {{
    {"view", Materialization::kView},
    {"table", Materialization::kTable},
    {"incremental", Materialization::kIncremental},
    {"external", Materialization::kExternal},
}};

// dbt's own: they say where dbt puts a table and how it documents it, and change no row.
constexpr std::array<std::string_view, 9> kOfDbtAlone = {
    "tags", "meta", "docs", "group", "access", "database", "schema", "persist_docs", "on_schema_change"};

const std::vector<std::string> kKnown = {"materialized", "location", "partition_by",
                                         "unique_key",   "format",   "incremental_strategy"};

std::string_view WithoutLake(std::string_view location, std::string_view lake) {
  if (!lake.empty() && location.starts_with(lake)) {
    location.remove_prefix(lake.size());
    if (location.starts_with('/') && !lake.ends_with('/')) location.remove_prefix(1);
  }
  return location;
}

class SettingsReader {
 public:
  SettingsReader(const std::string& model, const std::string& lake) : model_(model), lake_(lake) {}

  Status Read(const ModelSetting& setting) {
    const std::string& name = setting.name;
    if (std::find(kOfDbtAlone.begin(), kOfDbtAlone.end(), name) != kOfDbtAlone.end()) return {};
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      std::string hint = DidYouMean(name, kKnown);
      if (hint.empty()) hint = " Known are " + Join(kKnown, ", ") + ".";
      return Invalid(fmt::format("config has no '{}'.{}", name, hint));
    }
    if (name == "partition_by") return List(setting, config_.partition_by);
    if (name == "unique_key") return List(setting, config_.unique_key);
    if (!setting.texts || setting.texts->size() != 1) return Invalid(fmt::format("'{}' wants one text", name));
    const std::string& text = setting.texts->front();
    if (name == "materialized") return Materialized(text);
    if (name == "location") return Location(text);
    if (name == "incremental_strategy") strategy_ = text;
    if (name == "format" && text != "parquet") return Invalid(fmt::format("'format' is parquet, not '{}'", text));
    return {};
  }

  Result<ModelConfig> Finish() {
    const bool external = config_.materialized == Materialization::kExternal;
    const bool incremental = config_.materialized == Materialization::kIncremental;
    if (external && config_.location.empty()) config_.location = model_ + ".parquet";
    if (!external && !config_.location.empty()) {
      return Invalid("'location' is for materialized='external'; a table is the dataset NAME/");
    }
    if (!config_.partition_by.empty() && !incremental && config_.materialized != Materialization::kTable) {
      return Invalid("'partition_by' is for materialized='table' and 'incremental'");
    }
    if (!config_.unique_key.empty() && !incremental) return Invalid("'unique_key' is for materialized='incremental'");
    if (!config_.unique_key.empty() && !config_.partition_by.empty()) {
      return Invalid(
          "an incremental model replaces rows by 'unique_key', or whole partitions by 'partition_by', not both");
    }
    if (auto fits = Strategy(); !fits) return fits.error();
    return std::move(config_);
  }

 private:
  static Status List(const ModelSetting& setting, std::vector<std::string>& target) {
    if (!setting.texts || setting.texts->empty()) {
      return Invalid(fmt::format("'{}' wants a column or a list of columns", setting.name));
    }
    target = *setting.texts;
    return {};
  }

  Status Materialized(const std::string& text) {
    std::vector<std::string> names;
    for (const auto& [name, materialized] : kMaterializations) {
      if (text == name) {
        config_.materialized = materialized;
        return {};
      }
      names.emplace_back(name);
    }
    return Invalid(fmt::format("materialized='{}' is none of {}.{}", text, Join(names, ", "), DidYouMean(text, names)));
  }

  Status Location(const std::string& text) {
    const std::string key(WithoutLake(text, lake_));
    if (key.find("://") != std::string::npos || key.starts_with('/')) {
      return Invalid(fmt::format(
          "location '{}' is outside of the lake {}; write a key of it, such as reports/x.parquet", text, lake_));
    }
    if (auto valid = CheckKey(key); !valid) return valid;
    if (FormatOfKey(key) != SourceFormat::kParquet || IsHiddenKey(key)) {
      return Invalid(fmt::format("location '{}' wants to be a .parquet, and no hidden one", text));
    }
    config_.location = key;
    return {};
  }

  // dbt's word for what keys and partitions say already.
  Status Strategy() const {
    if (strategy_.empty()) return {};
    const bool by_key = strategy_ == "merge" || strategy_ == "delete+insert";
    const bool by_partition = strategy_ == "insert_overwrite";
    const bool adds = strategy_ == "append";
    if (!by_key && !by_partition && !adds) {
      return Invalid(fmt::format("incremental_strategy='{}' is none of append, merge, delete+insert, insert_overwrite",
                                 strategy_));
    }
    if (by_key == !config_.unique_key.empty() && by_partition == !config_.partition_by.empty()) return {};
    return Invalid(fmt::format("incremental_strategy='{}' {}", strategy_,
                               by_key         ? "wants a 'unique_key'"
                               : by_partition ? "wants a 'partition_by'"
                                              : "has neither 'unique_key' nor 'partition_by'"));
  }

  const std::string& model_;
  const std::string& lake_;
  ModelConfig config_;
  std::string strategy_;
};

}  // namespace

std::string_view MaterializationName(Materialization materialized) {
  for (const auto& [name, known] : kMaterializations) {
    if (known == materialized) return name;
  }
  return "";
}

Result<ModelConfig> ReadModelSettings(const std::string& model, const std::vector<ModelSetting>& settings,
                                      const std::string& lake) {
  SettingsReader reader(model, lake);
  for (const ModelSetting& setting : settings) {
    if (auto status = reader.Read(setting); !status) return status.error();
  }
  return reader.Finish();
}

}  // namespace eider
