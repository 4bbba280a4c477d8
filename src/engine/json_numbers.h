// JSON has no NaN and no infinities, and DuckDB's writer writes them bare. They become the strings "NaN", "Infinity"
// and
// "-Infinity", as in Protocol Buffers' JSON mapping, which DuckDB and others read back into a DOUBLE.
#pragma once

#include <string>
#include <string_view>

namespace eider {

// `rows` is whole rows of JSON text, outside of any string at its beginning and end. True when something was found;
// then `quoted` is the text with it in quotes.
bool QuoteNonFinite(std::string_view rows, std::string& quoted);

}  // namespace eider
