#include "download/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "base/log.h"
#include "base/text.h"
#include "download/format.h"

namespace eider {
namespace {

constexpr std::array<std::string_view, 15> kOperatorNames = {"eq",         "ne",       "lt",    "lte",     "gt",
                                                             "gte",        "in",       "notin", "between", "contains",
                                                             "startswith", "endswith", "like",  "isnull",  "notnull"};

const std::vector<std::string> kParameterNames = {"_columns", "_sort", "_limit",   "_after",  "_count",
                                                  "_order",   "_view", "_dry_run", "_receipt"};

std::string Names(const std::vector<Operator>& operators) {
  std::vector<std::string> names;
  for (const Operator op : operators) names.emplace_back(OperatorName(op));
  return Join(names, " ");
}

// Reads parameters one by one into a request.
class Parser {
 public:
  Parser(const Dataset& dataset, Format format, Database& database) : dataset_(dataset), database_(database) {
    request_.format = format;
    for (const Column& column : dataset.columns) names_.push_back(column.name);
  }

  Status Take(const std::string& name, const std::string& value) {
    // A column is matched as written, so that one called "_x" or "a__b" can be asked for; Eider's own names go first.
    if (std::find(kParameterNames.begin(), kParameterNames.end(), name) != kParameterNames.end()) {
      return TakeParameter(name, value);
    }
    if (name == "_bbox" || name == "_within") {
      return Invalid(fmt::format("'{}' is not available yet; filter by the coordinate columns instead", name), name);
    }
    if (const auto column = Find(name)) return TakeFilter(*column, Operator::kEq, name, value);
    const std::size_t split = name.rfind("__");
    if (split != std::string::npos && split > 0) {
      if (const auto column = Find(name.substr(0, split))) {
        const auto op = std::find(kOperatorNames.begin(), kOperatorNames.end(), name.substr(split + 2));
        if (op == kOperatorNames.end()) return UnknownOperator(name, name.substr(split + 2), *column);
        return TakeFilter(*column, static_cast<Operator>(op - kOperatorNames.begin()), name, value);
      }
      return UnknownColumn(name, name.substr(0, split));
    }
    if (name.starts_with('_')) {
      return Invalid(fmt::format("unknown parameter '{}'.{} Parameters are: {}", name,
                                 DidYouMean(name, kParameterNames), Join(kParameterNames, " ")),
                     name);
    }
    return UnknownColumn(name, name);
  }

  Result<DownloadRequest> Finish() {
    if (request_.any_order && !request_.sort.empty()) {
      return Invalid("'_order=any' gives up the order that '_sort' asks for; use one of them", "_order");
    }
    if (request_.any_order && !request_.after.empty()) {
      return Invalid("'_after' needs an order; drop '_order=any'", "_after");
    }
    if (request_.count && (!request_.after.empty() || request_.limit)) {
      return Invalid("'_count' counts all rows that match; drop '_limit' and '_after'", "_count");
    }
    if (request_.sort.empty() && !request_.any_order) request_.sort = dataset_.config.sort;
    if (request_.columns.empty()) {
      for (std::size_t i = 0; i < dataset_.columns.size(); ++i) request_.columns.push_back(i);
    }
    if (request_.count && request_.format == Format::kGeoJson) {
      return Invalid("a count is no GeoJSON; ask for '.json'", "_count");
    }
    if (request_.format == Format::kGeoJson && !dataset_.lon_lat) {
      return Error{ErrorKind::kUnsupported,
                   fmt::format("'{}' has no columns of longitude and latitude, so it cannot be GeoJSON; formats "
                               "are: {}",
                               dataset_.config.name, Join(ExtensionsFor(dataset_), " ")),
                   {}};
    }
    return std::move(request_);
  }

 private:
  std::optional<std::size_t> Find(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    return found == names_.end() ? std::nullopt : std::optional<std::size_t>(found - names_.begin());
  }

  Error UnknownColumn(const std::string& parameter, const std::string& column) const {
    constexpr std::size_t kListed = 50;
    std::vector<std::string> listed(names_.begin(), names_.begin() + std::min(names_.size(), kListed));
    if (names_.size() > kListed) listed.push_back(fmt::format("and {} more", names_.size() - kListed));
    return Invalid(fmt::format("'{}' has no column '{}'.{} Columns are: {}", dataset_.config.name, column,
                               DidYouMean(column, names_), Join(listed, " ")),
                   parameter);
  }

  Error UnknownOperator(const std::string& parameter, const std::string& op, std::size_t column) const {
    const auto& allowed = OperatorsOf(dataset_.columns[column].type_class);
    return Invalid(fmt::format("unknown operator '{}'; for column '{}' ({}) there are: {}", op, names_[column],
                               dataset_.columns[column].type, Names(allowed)),
                   parameter);
  }

  Status TakeFilter(std::size_t column, Operator op, const std::string& parameter, const std::string& value) {
    const Column& info = dataset_.columns[column];
    const auto& filterable = dataset_.config.filters;
    if (filterable && std::find(filterable->begin(), filterable->end(), info.name) == filterable->end()) {
      return Invalid(fmt::format("'{}' cannot be filtered by '{}'; it can by: {}", dataset_.config.name, info.name,
                                 Join(*filterable, " ")),
                     parameter);
    }
    const auto& allowed = OperatorsOf(info.type_class);
    if (std::find(allowed.begin(), allowed.end(), op) == allowed.end()) {
      return Invalid(fmt::format("operator '{}' does not fit column '{}' of type {}; there are: {}", OperatorName(op),
                                 info.name, info.type, Names(allowed)),
                     parameter);
    }
    auto values = ValuesOf(op, parameter, value);
    if (!values) return values.error();
    for (const std::string& one : *values) {
      if (const auto status = database_.CheckValue({one, ComparedType(info, op, one)}); !status) {
        return Invalid(fmt::format("column '{}': {}", info.name, status.error().message), parameter);
      }
    }
    // Repeated plain parameters and lists of __in mean any of them: one filter holds them all.
    const bool any = op == Operator::kEq;
    const auto same = std::find_if(request_.filters.begin(), request_.filters.end(),
                                   [&](const Filter& f) { return any && f.op == op && f.column == column; });
    if (same != request_.filters.end()) {
      same->values.insert(same->values.end(), values->begin(), values->end());
    } else {
      request_.filters.push_back({column, op, *std::move(values)});
    }
    return {};
  }

  static Result<std::vector<std::string>> ValuesOf(Operator op, const std::string& parameter,
                                                   const std::string& value) {
    switch (op) {
      case Operator::kIn:
      case Operator::kNotIn: return Split(value, ',');
      case Operator::kBetween: {
        auto bounds = Split(value, ',');
        if (bounds.size() == 2) return bounds;
        return Invalid(
            fmt::format("'{}' wants two values with a comma between them, e.g. {}=1,5", parameter, parameter),
            parameter);
      }
      case Operator::kIsNull:
      case Operator::kNotNull:
        if (value.empty() || value == "1" || value == "true") return std::vector<std::string>();
        return Invalid(fmt::format("'{}' takes no value but 1; for the opposite use __{}", parameter,
                                   op == Operator::kIsNull ? "notnull" : "isnull"),
                       parameter);
      default: return std::vector<std::string>{value};
    }
  }

  Status TakeParameter(const std::string& name, const std::string& value) {
    if (!seen_.insert_unique(name)) return Invalid(fmt::format("'{}' is given twice", name), name);
    if (name == "_columns") return TakeColumns(value);
    if (name == "_sort") return TakeSort(value);
    if (name == "_limit") {
      request_.limit = ParseUint(value);
      if (request_.limit) {
        request_.limit = std::min<std::uint64_t>(*request_.limit, std::numeric_limits<std::int64_t>::max());
        return {};
      }
      return Invalid(fmt::format("'_limit' wants a whole number of rows, not '{}'", value), name);
    }
    if (name == "_after") {
      request_.after = value;
      return value.empty() ? Status(Invalid("'_after' wants the token of a Link header", name)) : Status();
    }
    if (name == "_receipt") {
      request_.receipt = value;
      return value.empty() ? Status(Invalid("'_receipt' wants an Eider-Request-Id", name)) : Status();
    }
    if (name == "_order") {
      request_.any_order = value == "any";
      return request_.any_order || value == "source" ? Status()
                                                     : Status(Invalid("'_order' is 'source' or 'any'", name));
    }
    if (value != "1" && value != "0" && !value.empty()) {
      return Invalid(fmt::format("'{}' is 1 or 0, not '{}'", name, value), name);
    }
    (name == "_count" ? request_.count : name == "_view" ? request_.view : request_.dry_run) = value != "0";
    return {};
  }

  Status TakeColumns(const std::string& value) {
    for (const std::string& name : Split(value, ',')) {
      const auto column = Find(name);
      if (!column) return UnknownColumn("_columns", name);
      if (std::find(request_.columns.begin(), request_.columns.end(), *column) != request_.columns.end()) {
        return Invalid(fmt::format("'_columns' names '{}' twice", name), "_columns");
      }
      request_.columns.push_back(*column);
    }
    return {};
  }

  Status TakeSort(const std::string& value) {
    for (const std::string& item : Split(value, ',')) {
      // A column whose own name begins with '-' is matched as written first.
      const bool descending = !Find(item) && item.starts_with('-');
      const std::string name = descending ? item.substr(1) : item;
      if (!Find(name)) return UnknownColumn("_sort", name);
      request_.sort.push_back({name, descending});
    }
    return {};
  }

  struct Seen {
    std::vector<std::string> names;
    bool insert_unique(const std::string& name) {
      if (std::find(names.begin(), names.end(), name) != names.end()) return false;
      names.push_back(name);
      return true;
    }
  };

  const Dataset& dataset_;
  Database& database_;
  std::vector<std::string> names_;
  Seen seen_;
  DownloadRequest request_;
};

}  // namespace

std::string_view OperatorName(Operator op) { return kOperatorNames[static_cast<std::size_t>(op)]; }

std::string ComparedType(const Column& column, Operator op, std::string_view value) {
  const bool of_text =
      op == Operator::kContains || op == Operator::kStartsWith || op == Operator::kEndsWith || op == Operator::kLike;
  if (of_text || (column.type_class == TypeClass::kText && column.type != "UUID")) return "VARCHAR";
  unsigned precision = 0;
  unsigned scale = 0;
  if (std::sscanf(column.type.c_str(), "DECIMAL(%u,%u)", &precision, &scale) != 2) return column.type;
  const std::size_t point = value.find('.');
  const std::size_t fraction = point == std::string_view::npos ? 0 : value.size() - point - 1;
  const std::size_t whole = value.size() - fraction;
  constexpr std::size_t kMostDigits = 38;
  if ((fraction <= scale && whole <= precision - scale) || fraction + whole > kMostDigits) return column.type;
  return fmt::format("DECIMAL({},{})", kMostDigits, std::max<std::size_t>(fraction, scale));
}

const std::vector<Operator>& OperatorsOf(TypeClass type) {
  using enum Operator;
  static const std::vector<Operator> text = {kEq,         kNe,       kLt,    kLte,     kGt,
                                             kGte,        kIn,       kNotIn, kBetween, kContains,
                                             kStartsWith, kEndsWith, kLike,  kIsNull,  kNotNull};
  static const std::vector<Operator> ordered = {kEq, kNe,    kLt,      kLte,    kGt,     kGte,
                                                kIn, kNotIn, kBetween, kIsNull, kNotNull};
  static const std::vector<Operator> presence = {kIsNull, kNotNull};
  switch (type) {
    case TypeClass::kText: return text;
    case TypeClass::kNested:
    case TypeClass::kGeometry: return presence;
    default: return ordered;
  }
}

Result<Parameters> ParseQueryString(std::string_view query) {
  Parameters parameters;
  if (query.empty()) return parameters;
  for (const std::string& item : Split(query, '&')) {
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    const auto name = PercentDecode(std::string_view(item).substr(0, equals), true);
    const auto value = PercentDecode(
        equals == std::string::npos ? std::string_view() : std::string_view(item).substr(equals + 1), true);
    if (!name || !value) return Invalid(fmt::format("'%' in '{}' is not followed by two hexadecimal digits", item));
    if (!IsCleanUtf8(*name) || !IsCleanUtf8(*value)) {
      return Invalid("the query string is not UTF-8", IsCleanUtf8(*name) ? *name : std::string());
    }
    parameters.emplace_back(*name, *value);
  }
  return parameters;
}

Result<DownloadRequest> ParseDownload(const Dataset& dataset, Format format, const Parameters& parameters,
                                      Database& database) {
  Parser parser(dataset, format, database);
  for (const auto& [name, value] : parameters) {
    if (const auto status = parser.Take(name, value); !status) return status.error();
  }
  return parser.Finish();
}

std::string Normalised(const Dataset& dataset, const DownloadRequest& request) {
  std::vector<std::string> filters;
  for (Filter filter : request.filters) {
    if (filter.op != Operator::kBetween) std::sort(filter.values.begin(), filter.values.end());
    std::string text = fmt::format("{} {}", JsonQuote(dataset.columns[filter.column].name), OperatorName(filter.op));
    for (const std::string& value : filter.values) text += " " + JsonQuote(value);
    filters.push_back(std::move(text));
  }
  std::sort(filters.begin(), filters.end());
  std::string columns;
  for (const std::size_t column : request.columns) columns += JsonQuote(dataset.columns[column].name);
  std::string sort;
  for (const SortKey& key : request.sort) sort += (key.descending ? "-" : "+") + JsonQuote(key.column);
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", InfoOf(request.format).extension, columns, Join(filters, "\n"), sort,
                     request.limit ? std::to_string(*request.limit) : "all", request.after,
                     request.count       ? "count"
                     : request.any_order ? "any"
                                         : "rows");
}

}  // namespace eider
