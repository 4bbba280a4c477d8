#include "cli/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

namespace eider {
namespace {

namespace json = boost::json;

bool IsName(std::string_view text) {
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; };
  return !text.empty() && is_letter(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [&](unsigned char c) { return is_letter(c) || std::isdigit(c) != 0; });
}

BoundValue ParseValue(std::string_view text) {
  BoundValue value;
  value.text = text;
  boost::system::error_code failed;
  const json::value parsed = json::parse({text.data(), text.size()}, failed);
  if (failed) return value;
  switch (parsed.kind()) {
    case json::kind::null: value.is_null = true; break;
    case json::kind::bool_: value.type = "BOOLEAN"; break;
    case json::kind::int64: value.type = "BIGINT"; break;
    case json::kind::uint64: value.type = "UBIGINT"; break;
    case json::kind::double_: value.type = "DOUBLE"; break;
    case json::kind::string: value.text = parsed.get_string(); break;
    default: break;  // an object or a list: its text
  }
  return value;
}

}  // namespace

Result<std::vector<BoundValue>> ParseParams(const std::vector<std::string>& params) {
  std::vector<BoundValue> values;
  for (const std::string& param : params) {
    const auto equals = param.find('=');
    const std::string name = equals == std::string::npos ? std::string() : param.substr(0, equals);
    const bool named = IsName(name);
    BoundValue value = ParseValue(named ? std::string_view(param).substr(equals + 1) : std::string_view(param));
    if (named) value.name = name;
    for (const BoundValue& before : values) {
      if (before.name.empty() == named) {
        return Invalid("either all are NAME=VALUE, for $NAME, or all are VALUE, for $1, $2, ...", "--param");
      }
      if (named && before.name == name) return Invalid(fmt::format("'{}' is given twice", name), "--param");
    }
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace eider
