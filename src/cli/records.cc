#include "cli/records.h"

#include <boost/json.hpp>

namespace eider {
namespace {

namespace json = boost::json;

constexpr std::string_view kSpaces = " \t\r\n";

// Behind the string that begins at `at`.
std::size_t EndOfString(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

// Behind the value that begins at `at`: at the ',' or the bracket that ends what it stands in.
std::size_t EndOfValue(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = EndOfString(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return at;
}

}  // namespace

Result<Table> TableOf(const std::string& records) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(records, failed);
  if (failed || !parsed.is_array()) return Corrupt("the server's answer is not the JSON that a query's is");
  Table table;
  for (const json::value& row : parsed.get_array()) {
    if (!row.is_object()) return Corrupt("the server's answer is not the JSON that a query's is");
    auto& cells = table.rows.emplace_back();
    for (const auto& [name, value] : row.get_object()) {
      if (table.rows.size() == 1) table.columns.push_back({std::string(name), {}, TypeClass::kText});
      if (value.is_number() && cells.size() < table.columns.size()) {
        table.columns[cells.size()].type_class = TypeClass::kNumber;
      }
      if (value.is_null()) {
        cells.emplace_back();
      } else {
        cells.emplace_back(value.is_string() ? std::string(value.get_string()) : json::serialize(value));
      }
    }
    if (cells.size() != table.columns.size()) return Corrupt("the server's rows differ in their columns");
  }
  return table;
}

std::optional<std::string_view> MemberText(std::string_view object, std::string_view name) {
  boost::system::error_code failed;
  const json::value parsed = json::parse({object.data(), object.size()}, failed);
  if (failed || !parsed.is_object()) return std::nullopt;
  std::size_t at = object.find('{') + 1;
  while ((at = object.find('"', at)) != std::string_view::npos) {
    const std::size_t end = EndOfString(object, at);
    const std::string_view member = object.substr(at + 1, end - at - 2);
    const std::size_t value = object.find_first_not_of(kSpaces, object.find(':', end) + 1);
    const std::size_t behind = EndOfValue(object, value);
    if (member == name) return object.substr(value, object.find_last_not_of(kSpaces, behind - 1) + 1 - value);
    at = behind;
  }
  return std::nullopt;
}

}  // namespace eider
