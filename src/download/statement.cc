#include "download/statement.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/page_token.h"
#include "base/text.h"

namespace eider {
namespace {

// The row's place in the source: by file and row in Parquet, counted elsewhere. It breaks ties and ends pages.
std::vector<SortKey> PositionKeys(const Dataset& dataset) {
  if (dataset.row_position) return {{"file_index", false}, {"file_row_number", false}};
  return {{"eider row", false}};
}

std::string TypeOf(const Dataset& dataset, const std::string& column) {
  for (const Column& known : dataset.columns) {
    if (known.name == column) return known.type_class == TypeClass::kText ? "VARCHAR" : known.type;
  }
  return "BIGINT";  // a position
}

// What identifies the request that a token belongs to: all of it but the page's own size and place.
std::string PageSeries(const Dataset& dataset, DownloadRequest request) {
  request.limit.reset();
  request.after.clear();
  request.format = Format::kCsv;
  return Sha256Hex(dataset.version + "\n" + Normalised(dataset, request)).substr(0, 16);
}

Error WrongToken() {
  return Invalid(
      "'_after' is not a token for this request as the dataset stands now: it was cut, made for other parameters, or "
      "the data has changed since; begin again without '_after'",
      "_after");
}

class Builder {
 public:
  Builder(const Dataset& dataset, const DownloadRequest& request) : dataset_(dataset), request_(request) {
    order_ = request.sort;
    for (SortKey& key : PositionKeys(dataset)) order_.push_back(std::move(key));
  }

  // FROM and WHERE, the page's start included.
  Result<std::string> Source() {
    std::vector<std::string> conditions;
    for (const Filter& filter : request_.filters) conditions.push_back(Condition(filter));
    if (!request_.after.empty() && dataset_.source == SourceFormat::kView) {
      return Invalid(fmt::format("'{}' is a view, whose rows have no fixed place, so that it has no pages; leave out "
                                 "'_after'",
                                 dataset_.config.name),
                     "_after");
    }
    if (!request_.after.empty()) {
      const auto start = ReadPageToken(request_.after, PageSeries(dataset_, request_), order_.size());
      if (!start) return WrongToken();
      conditions.push_back(After(*start, 0));
    }
    std::string sql = " FROM " + Relation();
    if (!conditions.empty()) sql += " WHERE " + Join(conditions, " AND ");
    return sql;
  }

  // ORDER BY, where the source's own order is not enough. DuckDB's NULLS LAST is stated, for After depends on it.
  std::string Order() const {
    if (request_.sort.empty() && request_.after.empty()) return {};
    std::vector<std::string> keys;
    for (const SortKey& key : order_) {
      keys.push_back(QuoteIdentifier(key.column) + (key.descending ? " DESC" : " ASC") + " NULLS LAST");
    }
    return " ORDER BY " + Join(keys, ", ");
  }

  std::string KeyList() const {
    std::vector<std::string> keys;
    for (const SortKey& key : order_) keys.push_back(QuoteIdentifier(key.column));
    return Join(keys, ", ");
  }

  std::optional<std::uint64_t> Rows() const {
    if (!request_.limit) return dataset_.config.max_rows;
    return std::min(*request_.limit, dataset_.config.max_rows.value_or(*request_.limit));
  }

  Statement Take(std::string sql) {
    Statement statement;
    statement.sql = std::move(sql);
    statement.values = std::move(values_);
    statement.format = request_.format;
    statement.keep_order = !request_.any_order;
    statement.snapshot = dataset_.snapshot;
    statement.catalogs = dataset_.catalogs;
    return statement;
  }

  void NeedPosition() { need_position_ = true; }

 private:
  std::string Relation() const {
    const bool counted =
        !dataset_.row_position && (need_position_ || !request_.sort.empty() || !request_.after.empty());
    if (!counted) return dataset_.relation;
    return fmt::format("(SELECT *, row_number() OVER () AS \"eider row\" FROM {})", dataset_.relation);
  }

  std::string Bind(const std::string& text, const std::string& type) {
    values_.push_back({text, type});
    return fmt::format("${}", values_.size());
  }

  std::string Condition(const Filter& filter) {
    const Column& column = dataset_.columns[filter.column];
    const std::string name = QuoteIdentifier(column.name);
    std::vector<std::string> bound;
    for (const std::string& value : filter.values) bound.push_back(Bind(value, ComparedType(column, filter.op, value)));
    switch (filter.op) {
      case Operator::kEq:
      case Operator::kIn:
        if (bound.size() == 1) return fmt::format("{} = {}", name, bound[0]);
        return fmt::format("{} IN ({})", name, Join(bound, ", "));
      case Operator::kNe: return fmt::format("{} <> {}", name, bound[0]);
      case Operator::kLt: return fmt::format("{} < {}", name, bound[0]);
      case Operator::kLte: return fmt::format("{} <= {}", name, bound[0]);
      case Operator::kGt: return fmt::format("{} > {}", name, bound[0]);
      case Operator::kGte: return fmt::format("{} >= {}", name, bound[0]);
      case Operator::kNotIn: return fmt::format("{} NOT IN ({})", name, Join(bound, ", "));
      case Operator::kBetween: return fmt::format("{} BETWEEN {} AND {}", name, bound[0], bound[1]);
      case Operator::kContains: return fmt::format("contains({}::VARCHAR, {})", name, bound[0]);
      case Operator::kStartsWith: return fmt::format("starts_with({}::VARCHAR, {})", name, bound[0]);
      case Operator::kEndsWith: return fmt::format("ends_with({}::VARCHAR, {})", name, bound[0]);
      case Operator::kLike: return fmt::format("{}::VARCHAR LIKE {}", name, bound[0]);
      case Operator::kIsNull: return name + " IS NULL";
      case Operator::kNotNull: return name + " IS NOT NULL";
    }
    return "false";
  }

  // The rows behind `keys` in the order: beyond the first key, or equal to it and behind the rest. NULLs come last.
  std::string After(const PageKeys& keys, std::size_t at) {
    const SortKey& key = order_[at];
    const std::string name = QuoteIdentifier(key.column);
    const bool last = at + 1 == order_.size();
    if (!keys[at]) return last ? "false" : fmt::format("({} IS NULL AND {})", name, After(keys, at + 1));
    const std::string value = Bind(*keys[at], TypeOf(dataset_, key.column));
    const std::string beyond = fmt::format("{} {} {} OR {} IS NULL", name, key.descending ? "<" : ">", value, name);
    if (last) return fmt::format("({})", beyond);
    return fmt::format("({} OR ({} = {} AND {}))", beyond, name, value, After(keys, at + 1));
  }

  const Dataset& dataset_;
  const DownloadRequest& request_;
  std::vector<SortKey> order_;
  std::vector<BoundValue> values_;
  bool need_position_ = false;
};

std::string PlainColumns(const Dataset& dataset, const DownloadRequest& request) {
  std::vector<std::string> names;
  for (const std::size_t column : request.columns) names.push_back(QuoteIdentifier(dataset.columns[column].name));
  return Join(names, ", ");
}

// RFC 7946: a Feature's members; the coordinates leave the properties, a row without a place has a null geometry.
std::string FeatureColumns(const Dataset& dataset, const DownloadRequest& request) {
  std::vector<std::string> properties;
  for (const std::size_t column : request.columns) {
    const std::string& name = dataset.columns[column].name;
    const bool place = name == dataset.lon_lat->first || name == dataset.lon_lat->second;
    if (!place) properties.push_back(fmt::format("{} := {}", QuoteIdentifier(name), QuoteIdentifier(name)));
  }
  const std::string lon = QuoteIdentifier(dataset.lon_lat->first) + "::DOUBLE";
  const std::string lat = QuoteIdentifier(dataset.lon_lat->second) + "::DOUBLE";
  const std::string geometry = fmt::format(
      "CASE WHEN isfinite({0}) AND isfinite({1}) THEN struct_pack(type := 'Point', coordinates := [{0}, {1}]) END", lon,
      lat);
  return fmt::format("'Feature' AS type, {} AS geometry, {} AS properties", geometry,
                     properties.empty() ? "NULL" : fmt::format("struct_pack({})", Join(properties, ", ")));
}

}  // namespace

Result<Statement> MakeDownload(const Dataset& dataset, const DownloadRequest& request) {
  Builder builder(dataset, request);
  const auto source = builder.Source();
  if (!source) return source.error();
  if (request.count) return builder.Take("SELECT count(*) AS count" + *source);
  std::string sql = "SELECT ";
  sql += request.format == Format::kGeoJson ? FeatureColumns(dataset, request) : PlainColumns(dataset, request);
  sql += *source + builder.Order();
  if (const auto rows = builder.Rows()) sql += fmt::format(" LIMIT {}", *rows);
  return builder.Take(std::move(sql));
}

Result<std::optional<Statement>> MakePageEnd(const Dataset& dataset, const DownloadRequest& request) {
  const bool placed = dataset.source != SourceFormat::kView && !request.any_order;
  if (!request.limit || *request.limit == 0 || *request.limit > kPageRows || request.count || !placed) {
    return std::optional<Statement>();
  }
  Builder builder(dataset, request);
  builder.NeedPosition();
  const auto source = builder.Source();
  if (!source) return source.error();
  // A dataset's row cap ends the series; so does a page that is not full.
  if (dataset.config.max_rows && *dataset.config.max_rows <= *request.limit) return std::optional<Statement>();
  return std::optional<Statement>(builder.Take(
      fmt::format("SELECT {}{}{} LIMIT 2 OFFSET {}", builder.KeyList(), *source, builder.Order(), *request.limit - 1)));
}

std::string PageToken(const Dataset& dataset, const DownloadRequest& request, const Table& page_end) {
  if (page_end.rows.size() < 2) return {};
  return MakePageToken(PageSeries(dataset, request), page_end.rows.front());
}

}  // namespace eider
