// One CSV object: how it is written and which types its columns can have without losing anything of what is written.
//
// The dialect is RFC 4180 with a delimiter of ',', ';', tab or '|', whichever the first line has most of; quotes are
// '"' doubled. Types are DuckDB's guesses, taken back to text where a value would not come out as it went in.
#pragma once

#include <memory>
#include <string>

#include "catalog/learn.h"
#include "catalog/object_schemas.h"

namespace eider {

// Looks at every row when `whole`, else at the first kSampledRows. kCorrupt naming object and line when a row does not
// fit the first one or is not UTF-8.
Result<ObjectSchema> LearnCsvObject(const LearnRequest& request, const ObjectInfo& object, bool whole);

// "delim=',', quote='"', …": the arguments of read_csv that fix the dialect, so that nothing is guessed anew.
std::string CsvDialect(const CsvFacts& facts);

}  // namespace eider
