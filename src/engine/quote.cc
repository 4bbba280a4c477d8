#include "engine/quote.h"

#include "duckdb.hpp"
#include "duckdb/parser/keyword_helper.hpp"

namespace eider {

std::string QuoteIdentifier(std::string_view name) {
  return duckdb::KeywordHelper::WriteQuoted(std::string(name), '"');
}

std::string QuoteLiteral(std::string_view text) { return duckdb::KeywordHelper::WriteQuoted(std::string(text), '\''); }

std::string NameInSql(std::string_view name) { return duckdb::KeywordHelper::WriteOptionallyQuoted(std::string(name)); }

}  // namespace eider
