// Types of JSON columns: DuckDB's guesses, corrected where a value would not come out as it went in.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "catalog/learn.h"

namespace eider {

struct JsonColumn {
  std::string name;
  std::string type;     // guessed; corrected by CorrectTypes
  bool absent = false;  // no record has a value of this name
};

// SQL for FROM in which the columns are read with the types that they are given.
using ReadAs = std::function<std::string(const std::vector<JsonColumn>&)>;

// Looks at every value, in one pass for each batch of columns; `prefix` + the quoted name is a column in what `read`
// gives.
//  - mixed scalars (1, "x", true) become text instead of JSON;
//  - integers with more digits than a DOUBLE holds become text; HUGEINT, DuckDB's guess for integers of which some are
//    negative, becomes BIGINT where all fit, also inside lists and structs;
//  - texts that are all ISO times become TIMESTAMP, with offsets TIMESTAMP WITH TIME ZONE.
// Types that eider.yaml gives win.
Status CorrectTypes(const LearnRequest& request, const ReadAs& read, const std::string& prefix,
                    std::vector<JsonColumn>& columns);

// {'a': 'BIGINT', …}, the value of read_json's `columns`.
std::string ColumnMap(const std::vector<JsonColumn>& columns);

// read_json of the dataset's objects with the given `columns` and further arguments.
std::string ReadJson(const LearnRequest& request, const std::string& columns, const std::string& arguments);

}  // namespace eider
