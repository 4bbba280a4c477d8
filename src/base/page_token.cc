#include "base/page_token.h"

#include <boost/json.hpp>

#include "base/digest.h"

namespace eider {

namespace json = boost::json;

std::string MakePageToken(std::string_view series, const PageKeys& keys) {
  json::array token;
  token.emplace_back(json::string_view(series.data(), series.size()));
  for (const auto& key : keys) {
    if (key) {
      token.emplace_back(*key);
    } else {
      token.emplace_back(nullptr);
    }
  }
  return Base64Url(json::serialize(token));
}

std::optional<PageKeys> ReadPageToken(std::string_view token, std::string_view series, std::size_t count) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(Base64UrlDecode(token), failed);
  if (failed || !parsed.is_array() || parsed.as_array().size() != count + 1) return std::nullopt;
  const json::array& parts = parsed.as_array();
  if (!parts[0].is_string() || std::string_view(parts[0].as_string()) != series) return std::nullopt;
  PageKeys keys;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].is_null()) {
      keys.emplace_back(std::nullopt);
    } else if (parts[i].is_string()) {
      keys.emplace_back(std::string(parts[i].as_string()));
    } else {
      return std::nullopt;
    }
  }
  return keys;
}

}  // namespace eider
