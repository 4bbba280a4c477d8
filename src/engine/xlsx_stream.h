// XLSX from a query's result, through libxlsxwriter: one sheet, a header row, values as Excel keeps them.
// What Excel cannot keep as a number or date becomes text rather than another value: integers and decimals above 15
// digits, NaN and infinities, dates outside 1900-03-01 to 9999-12-31, timestamps with a zone.
#pragma once

#include <string>

#include "duckdb.hpp"
#include "engine/database.h"

namespace eider {

// Drains a streaming result. The sheet is collected in files under `folder`, in constant memory, and given to the sink
// at the end. kUnsupported names the limit of XLSX that the result exceeds: 1,048,575 rows below the header, 16,384
// columns, 32,767 UTF-16 units of text in a cell.
Result<RunSummary> WriteXlsx(duckdb::QueryResult& result, Sink& sink, const std::string& folder);

}  // namespace eider
