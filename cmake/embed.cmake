# eider_embed(HEADER name=file …): writes HEADER with one `inline constexpr std::string_view name` for each file, in
# namespace eider. Configuring again when a file changes keeps it true.
function(eider_embed header)
  set(text "// Generated from source files by cmake/embed.cmake.\n#pragma once\n\n#include <string_view>\n\nnamespace eider {\n\n")
  foreach(pair ${ARGN})
    string(REGEX MATCH "^([^=]+)=(.+)$" _ ${pair})
    set(name ${CMAKE_MATCH_1})
    set(file ${CMAKE_CURRENT_SOURCE_DIR}/${CMAKE_MATCH_2})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    # As bytes: quoting rules of C++ and lists of CMake have no say.
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND text "inline constexpr unsigned char ${name}Bytes[] = {\n${bytes}0};\n")
    string(APPEND text "inline const std::string_view ${name}{reinterpret_cast<const char*>(${name}Bytes), sizeof(${name}Bytes) - 1};\n\n")
  endforeach()
  string(APPEND text "}  // namespace eider\n")
  file(CONFIGURE OUTPUT ${header} CONTENT "${text}" @ONLY)
endfunction()
