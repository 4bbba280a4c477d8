// Names and texts as SQL writes them: the one place that quotes.
#pragma once

#include <string>
#include <string_view>

namespace eider {

// "a""b" and 'a''b'.
std::string QuoteIdentifier(std::string_view name);
std::string QuoteLiteral(std::string_view text);

// As QuoteIdentifier, but without quotes where SQL wants none.
std::string NameInSql(std::string_view name);

}  // namespace eider
