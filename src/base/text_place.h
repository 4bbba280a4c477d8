// Where in a text something is wrong, for who wrote it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace eider {

// "line 2, column 8: MESSAGE", and below it the line and a caret under the byte at `offset`; of a long line the part
// around it. Lines and columns count from 1, columns in characters. MESSAGE alone for an offset beyond the text.
std::string AtPlace(std::string_view text, std::size_t offset, std::string_view message);

}  // namespace eider
