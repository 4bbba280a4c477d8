// Reads YAML by tables of keys, so that a wrong key or value says where it stands, what is wanted, and which known key
// is nearest. Every error is kInvalid: "eider.yaml:12:5: unknown key 'discription' in dataset 'flights'. …".
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace eider {

class YamlReader {
 public:
  // `file`: the name that errors give.
  explicit YamlReader(std::string file) : file_(std::move(file)) {}

  // One document; an empty text is a null node.
  Result<YAML::Node> Parse(const std::string& text) const;

  Error At(const YAML::Node& node, std::string_view message, std::string key = {}) const;

  // `what`: the key and its owner, for messages: "'title' of dataset 'flights'".
  Result<std::string> Text(const YAML::Node& node, std::string_view what) const;
  Result<bool> Bool(const YAML::Node& node, std::string_view what) const;
  Result<std::uint64_t> PositiveNumber(const YAML::Node& node, std::string_view what) const;
  Result<double> Price(const YAML::Node& node, std::string_view what) const;  // finite, at least 0
  Result<std::vector<std::string>> TextList(const YAML::Node& node, std::string_view what) const;

  // Entries of a mapping, each key once; `example` shows how one is written.
  using Entries = std::vector<std::pair<YAML::Node, YAML::Node>>;
  Result<Entries> Map(const YAML::Node& node, std::string_view what, std::string_view example) const;

 private:
  std::string file_;
};

// One key that a mapping may hold, and how its value is read into Target.
template <class Target>
struct YamlKey {
  std::string_view name;
  Status (*read)(const YamlReader& yaml, const YAML::Node& value, const std::string& what, Target& target);
};

template <class Target, std::size_t size>
std::vector<std::string> KeyNames(const YamlKey<Target> (&keys)[size]) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.emplace_back(key.name);
  return names;
}

// Reads a mapping by its table. `owner`: "dataset 'flights'", for messages.
template <class Target, std::size_t size>
Status ReadKeys(const YamlReader& yaml, const YAML::Node& node, const std::string& owner,
                const YamlKey<Target> (&keys)[size], Target& target) {
  const auto entries = yaml.Map(node, owner, "key: value");
  if (!entries) return entries.error();
  for (const auto& [name_node, value] : *entries) {
    const std::string name = name_node.Scalar();
    const YamlKey<Target>* known = nullptr;
    for (const auto& key : keys) {
      if (key.name == name) known = &key;
    }
    if (known == nullptr) {
      const auto names = KeyNames(keys);
      std::string hint = DidYouMean(name, names);
      if (hint.empty()) hint = " Known keys: " + Join(names, ", ") + ".";
      return yaml.At(name_node, "unknown key '" + name + "' in " + owner + "." + hint, name);
    }
    if (auto status = known->read(yaml, value, "'" + name + "' of " + owner, target); !status) return status;
  }
  return {};
}

}  // namespace eider
