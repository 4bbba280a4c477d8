// Rows as JSON, as servers and functions answer them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/database.h"

namespace eider {

// An array of objects of the same members; cells as text, NULL as nullopt. kCorrupt for anything else.
Result<Table> TableOf(const std::string& records);

// The text of a member's value, as it stands in the text of a JSON object: numbers keep all their digits. Nullopt when
// there is no such member, or no object.
std::optional<std::string_view> MemberText(std::string_view object, std::string_view name);

}  // namespace eider
