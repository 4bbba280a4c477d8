// Text in a cell of an XLSX sheet.
#pragma once

#include <string>
#include <string_view>

namespace eider {

// Text as a cell holds it: what XML cannot carry is _xHHHH_, and text that looks so is protected (ECMA-376 part 1,
// 22.9.2.19).
std::string EscapeCellText(std::string_view text);

}  // namespace eider
