#include "catalog/yaml_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace eider {
namespace {

// What a node is, in the words of its author.
std::string_view KindOf(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return "a single value";
  return "nothing";
}

}  // namespace

Result<YAML::Node> YamlReader::Parse(const std::string& text) const {
  if (!IsCleanUtf8(text)) return Invalid(file_ + " is not UTF-8 text");
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1) return At(documents[1], "a second document begins; one is read");
    return documents.empty() ? YAML::Node() : documents[0];
  } catch (const YAML::Exception& exception) {
    const auto line = text.substr(0, static_cast<std::size_t>(std::max(exception.mark.pos, 0))).rfind('\n');
    const std::string rest = line == std::string::npos ? text : text.substr(line + 1);
    const bool tab = rest.substr(0, rest.find_first_not_of(" \t")).find('\t') != std::string::npos;
    return Invalid(fmt::format("{}:{}:{}: {}{}", file_, exception.mark.line + 1, exception.mark.column + 1,
                               exception.msg, tab ? " (the line is indented with a tab; YAML wants spaces)" : ""));
  }
}

Error YamlReader::At(const YAML::Node& node, std::string_view message, std::string key) const {
  const auto mark = node.Mark();
  if (mark.is_null()) return Invalid(fmt::format("{}: {}", file_, message), std::move(key));
  return Invalid(fmt::format("{}:{}:{}: {}", file_, mark.line + 1, mark.column + 1, message), std::move(key));
}

Result<std::string> YamlReader::Text(const YAML::Node& node, std::string_view what) const {
  if (node.IsScalar()) return node.Scalar();
  return At(node, fmt::format("{} wants text, not {}", what, KindOf(node)));
}

Result<bool> YamlReader::Bool(const YAML::Node& node, std::string_view what) const {
  // Quoted it is text: the parser tags such a scalar "!".
  if (node.IsScalar() && node.Tag() != "!") {
    if (ToLower(node.Scalar()) == "true") return true;
    if (ToLower(node.Scalar()) == "false") return false;
  }
  return At(node, fmt::format("{} wants true or false{}", what,
                              node.IsScalar() ? fmt::format(", not '{}'", node.Scalar()) : ""));
}

Result<std::uint64_t> YamlReader::PositiveNumber(const YAML::Node& node, std::string_view what) const {
  if (node.IsScalar()) {
    if (const auto number = ParseUint(node.Scalar()); number && *number > 0) return *number;
  }
  return At(node, fmt::format("{} wants a whole number of at least 1{}", what,
                              node.IsScalar() ? fmt::format(", not '{}'", node.Scalar()) : ""));
}

Result<double> YamlReader::Price(const YAML::Node& node, std::string_view what) const {
  double price = -1;
  if (node.IsScalar()) {
    const std::string& text = node.Scalar();
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), price);
    if (failed != std::errc() || end != text.data() + text.size()) price = -1;
  }
  if (price >= 0 && std::isfinite(price)) return price;
  return At(node, fmt::format("{} wants a price in US dollars, such as 0.0004{}", what,
                              node.IsScalar() ? fmt::format(", not '{}'", node.Scalar()) : ""));
}

Result<std::vector<std::string>> YamlReader::TextList(const YAML::Node& node, std::string_view what) const {
  if (!node.IsSequence()) {
    return At(node, fmt::format("{} wants a list, such as [{}]", what, node.IsScalar() ? node.Scalar() : "a, b"));
  }
  std::vector<std::string> list;
  std::set<std::string> seen;
  for (const YAML::Node& item : node) {
    auto text = Text(item, fmt::format("an entry of {}", what));
    if (!text) return text.error();
    if (!seen.insert(*text).second) return At(item, fmt::format("{} names '{}' twice", what, *text));
    list.push_back(*std::move(text));
  }
  return list;
}

Result<YamlReader::Entries> YamlReader::Map(const YAML::Node& node, std::string_view what,
                                            std::string_view example) const {
  if (node.IsNull()) return Entries();
  if (!node.IsMap())
    return At(node, fmt::format("{} wants a mapping, such as '{}', not {}", what, example, KindOf(node)));
  Entries entries;
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return At(entry.first, fmt::format("a key in {} wants to be text", what));
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) return At(entry.first, fmt::format("'{}' appears twice in {}", key, what), key);
    entries.emplace_back(entry.first, entry.second);
  }
  return entries;
}

}  // namespace eider
