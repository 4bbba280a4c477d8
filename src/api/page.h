// The files of the page, embedded in the binary.
#pragma once

#include <optional>
#include <string_view>

namespace eider {

struct PageFile {
  std::string_view media_type;
  std::string_view content;
};

// "/" and "/-/NAME"; nullopt for anything else.
std::optional<PageFile> FindPageFile(std::string_view path);

}  // namespace eider
