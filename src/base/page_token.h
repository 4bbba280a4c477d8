// The token that names a page by the keys of the row before it. Opaque to whoever holds it, and no secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eider {

using PageKeys = std::vector<std::optional<std::string>>;  // as text; nullopt: NULL

// `series` names all that the pages have in common: a token of another series is none.
std::string MakePageToken(std::string_view series, const PageKeys& keys);

// Nullopt for anything but a token of this series with `count` keys.
std::optional<PageKeys> ReadPageToken(std::string_view token, std::string_view series, std::size_t count);

}  // namespace eider
