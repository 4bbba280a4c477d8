// Globs over keys. '*' and '?' match within one segment, '[a-z]' and '[!a-z]' one character, '{a,b}' either, and '**'
// as a whole segment any number of segments, none included. A wildcard never matches a leading '.' or '_' of a
// segment, and '**' never enters such a segment: writers keep there what is no data.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace eider {

// kInvalid saying why, when the glob is empty, begins with '/', holds a "." or ".." segment, leaves '[' or '{' open,
// or uses '**' as a part of a segment.
Status CheckGlob(std::string_view glob);

// Only for globs that CheckGlob accepts.
bool GlobMatches(std::string_view glob, std::string_view key);

// Whether the glob asks for a segment that begins with '.' or '_', which no wildcard matches. Only for globs that
// CheckGlob accepts.
bool GlobNamesHidden(std::string_view glob);

// What every match begins with: the part before the first wildcard.
std::string GlobPrefix(std::string_view glob);

// Whether a match may lie in a folder below the prefix.
bool GlobIsRecursive(std::string_view glob);

// Whether matches may lie in this folder of the root, or be this file there.
bool GlobMayEnter(std::string_view glob, std::string_view root_entry);

}  // namespace eider
