// DownloadRequest: what the parameters of GET /{dataset}.{format} ask for, checked against the dataset.
// Never ignored: an unknown column, operator or parameter, or a value that does not parse, is kInvalid, names it in
// Error::parameter and says what is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "engine/database.h"

namespace eider {

enum class Operator : std::uint8_t {
  kEq,
  kNe,
  kLt,
  kLte,
  kGt,
  kGte,
  kIn,
  kNotIn,
  kBetween,
  kContains,
  kStartsWith,
  kEndsWith,
  kLike,
  kIsNull,
  kNotNull
};

// "eq", "ne", …: as in column__op=value.
std::string_view OperatorName(Operator op);
const std::vector<Operator>& OperatorsOf(TypeClass type);

// The SQL type that a filter's value is compared as: the column's, but text for the operators of text, and for a
// DECIMAL one with room for all digits of the value, so that 1.014 is not rounded to 1.01.
std::string ComparedType(const Column& column, Operator op, std::string_view value);

struct Filter {
  std::size_t column = 0;  // index into Dataset::columns
  Operator op = Operator::kEq;
  std::vector<std::string> values;  // any of them for kEq and kIn, all for the others; two for kBetween, none for nulls
};

struct DownloadRequest {
  Format format = Format::kCsv;
  std::vector<Filter> filters;
  std::vector<std::size_t> columns;  // indexes into Dataset::columns, in the order asked
  std::vector<SortKey> sort;
  std::optional<std::uint64_t> limit;
  std::string after;  // opaque token of a page, or empty
  bool count = false;
  bool any_order = false;
  bool dry_run = false;
  bool view = false;    // to be shown, not saved
  std::string receipt;  // id of an earlier request whose receipt is asked for
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

// Splits and decodes a raw query string (form-encoded). kInvalid on a broken %XX or text that is not UTF-8.
Result<Parameters> ParseQueryString(std::string_view query);

Result<DownloadRequest> ParseDownload(const Dataset& dataset, Format format, const Parameters& parameters,
                                      Database& database);

// One text for all spellings of the same request (order of parameters, of values of one filter); part of the ETag.
std::string Normalised(const Dataset& dataset, const DownloadRequest& request);

}  // namespace eider
