// Pages of a SELECT by their keys: the rows behind the last one of the page before, in the order of the SELECT's ORDER
// BY and, where that leaves ties, of the key's columns. The rows before are not computed where a filter can leave them
// out: the condition goes down to the scans.
#pragma once

#include <memory>
#include <string>

#include "base/page_token.h"
#include "base/result.h"
#include "duckdb.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/parser/query_node.hpp"
#include "engine/database.h"

namespace eider {

// What tells the rows of an answer apart, and which comes first.
struct PageOrder {
  struct Key {
    duckdb::idx_t column = 0;  // of the answer
    bool descending = false;
    bool nulls_first = false;
  };
  std::vector<Key> keys;
  duckdb::vector<std::string> names;  // of the answer
  duckdb::vector<duckdb::LogicalType> types;
};

// The order of the SELECT's pages. kInvalid, saying why, when it has none: ORDER BY something that is no column of the
// answer, a LIMIT of its own, a key that is no column, or one of a type that no token holds.
Result<PageOrder> FindPageOrder(const duckdb::QueryNode& node, duckdb::vector<std::string> names,
                                duckdb::vector<duckdb::LogicalType> types, const Page& page);

// The SELECT of the page's rows and of one more. kInvalid for a token of another series.
Result<duckdb::unique_ptr<duckdb::QueryNode>> SelectPage(duckdb::ClientContext& context,
                                                         duckdb::unique_ptr<duckdb::QueryNode> node,
                                                         const PageOrder& order, const Page& page);

// The token of the page behind `rows`, which SelectPage's SELECT has answered; empty when there is none. kInvalid when
// the last row and the one behind it have equal keys: a page that begins between them would lose one.
Result<std::string> NextPage(duckdb::ClientContext& context, duckdb::ColumnDataCollection& rows, const PageOrder& order,
                             const Page& page);

// The SELECT of the page's rows out of what SelectPage's has answered, which must outlive it.
duckdb::unique_ptr<duckdb::QueryNode> SelectRows(duckdb::ColumnDataCollection& rows, const PageOrder& order,
                                                 const Page& page);

}  // namespace eider
