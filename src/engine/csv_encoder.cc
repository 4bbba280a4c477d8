#include "engine/csv_encoder.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "engine/cell_text.h"
#include "engine/real_text.h"

namespace eider {
namespace {

using duckdb::idx_t;

// How a type becomes text.
struct ColumnText {
  // Writes values[index] and answers the end; null: the column is text, or cast to it.
  char* (*write)(const ColumnText& column, const void* values, idx_t index, char* out) = nullptr;
  bool is_varchar = false;  // so that the cast would change nothing
  int width = 0;            // of a DECIMAL
  int scale = 0;
  // Inclusive; a chunk with a value outside is cast.
  std::int64_t least = 0;
  std::int64_t greatest = 0;
};
using WriteCell = decltype(ColumnText::write);

template <class T>
T At(const void* values, idx_t index) {
  return static_cast<const T*>(values)[index];
}

template <class Integer>
char* IntegerCell(const ColumnText&, const void* values, idx_t index, char* out) {
  return WriteInteger(At<Integer>(values, index), out);
}

template <class Real>
char* RealCell(const ColumnText&, const void* values, idx_t index, char* out) {
  return out + WriteReal(At<Real>(values, index), out);
}

char* BooleanCell(const ColumnText&, const void* values, idx_t index, char* out) {
  return WriteBoolean(At<bool>(values, index), out);
}

template <class Integer>
char* DecimalCell(const ColumnText& column, const void* values, idx_t index, char* out) {
  return WriteDecimal(At<Integer>(values, index), column.width, column.scale, out);
}

char* DateCell(const ColumnText&, const void* values, idx_t index, char* out) {
  return WriteDate(At<std::int32_t>(values, index), out);
}

char* TimestampCell(const ColumnText&, const void* values, idx_t index, char* out) {
  return WriteTimestamp(At<std::int64_t>(values, index), out);
}

// The time zone of every statement is UTC.
char* TimestampTzCell(const ColumnText& column, const void* values, idx_t index, char* out) {
  out = TimestampCell(column, values, index, out);
  std::memcpy(out, "+00", 3);
  return out + 3;
}

WriteCell DecimalWriter(const duckdb::LogicalType& type) {
  switch (type.InternalType()) {
    case duckdb::PhysicalType::INT16: return DecimalCell<std::int16_t>;
    case duckdb::PhysicalType::INT32: return DecimalCell<std::int32_t>;
    case duckdb::PhysicalType::INT64: return DecimalCell<std::int64_t>;
    default: return nullptr;
  }
}

WriteCell WriterOf(const duckdb::LogicalType& type) {
  using duckdb::LogicalTypeId;
  if (type.HasAlias()) return nullptr;  // it may have a cast of its own
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN: return BooleanCell;
    case LogicalTypeId::TINYINT: return IntegerCell<std::int8_t>;
    case LogicalTypeId::SMALLINT: return IntegerCell<std::int16_t>;
    case LogicalTypeId::INTEGER: return IntegerCell<std::int32_t>;
    case LogicalTypeId::BIGINT: return IntegerCell<std::int64_t>;
    case LogicalTypeId::UTINYINT: return IntegerCell<std::uint8_t>;
    case LogicalTypeId::USMALLINT: return IntegerCell<std::uint16_t>;
    case LogicalTypeId::UINTEGER: return IntegerCell<std::uint32_t>;
    case LogicalTypeId::UBIGINT: return IntegerCell<std::uint64_t>;
    case LogicalTypeId::FLOAT: return RealCell<float>;
    case LogicalTypeId::DOUBLE: return RealCell<double>;
    case LogicalTypeId::DECIMAL: return DecimalWriter(type);
    case LogicalTypeId::DATE: return DateCell;
    case LogicalTypeId::TIMESTAMP: return TimestampCell;
    case LogicalTypeId::TIMESTAMP_TZ: return TimestampTzCell;
    default: return nullptr;
  }
}

template <class T>
bool AllWithin(const duckdb::UnifiedVectorFormat& format, idx_t count, std::int64_t least, std::int64_t greatest) {
  const T* values = duckdb::UnifiedVectorFormat::GetData<T>(format);
  for (idx_t row = 0; row < count; ++row) {
    const idx_t index = format.sel->get_index(row);
    const bool outside = values[index] < least || values[index] > greatest;
    if (outside && format.validity.RowIsValid(index)) return false;
  }
  return true;
}

std::string Header(const duckdb::vector<std::string>& names, const CsvDialect& dialect) {
  std::string header;
  std::string field;
  for (const std::string& name : names) {
    if (!header.empty()) header += dialect.delimiter;
    field.resize(2 * name.size() + kFieldSlackBytes);
    header.append(field.data(), WriteField(name, dialect.delimiter, field.data()));
  }
  return header.append(dialect.line_end);
}

ColumnText MakeColumn(const duckdb::LogicalType& type) {
  ColumnText column;
  column.write = WriterOf(type);
  column.is_varchar = type.id() == duckdb::LogicalTypeId::VARCHAR && !type.HasAlias();
  if (type.id() == duckdb::LogicalTypeId::DECIMAL) {
    column.width = duckdb::DecimalType::GetWidth(type);
    column.scale = duckdb::DecimalType::GetScale(type);
  } else if (type.id() == duckdb::LogicalTypeId::DATE) {
    column.least = kFirstDay;
    column.greatest = kLastDay;
  } else if (type.id() == duckdb::LogicalTypeId::TIMESTAMP) {
    column.least = kFirstDay * kMicrosPerDay;
    column.greatest = (kLastDay + 1) * kMicrosPerDay - 1;
  } else if (type.id() == duckdb::LogicalTypeId::TIMESTAMP_TZ) {
    column.least = kFirstGregorianDay * kMicrosPerDay;
    column.greatest = (kLastDay + 1) * kMicrosPerDay - 1;
  }
  return column;
}

bool InRange(const ColumnText& column, const duckdb::LogicalType& type, const duckdb::UnifiedVectorFormat& format,
             idx_t count) {
  if (column.least == column.greatest) return true;
  if (type.InternalType() == duckdb::PhysicalType::INT32) {
    return AllWithin<std::int32_t>(format, count, column.least, column.greatest);
  }
  return AllWithin<std::int64_t>(format, count, column.least, column.greatest);
}

class CsvFormat final : public TextFormat {
 public:
  std::unique_ptr<RowEncoder> MakeEncoder(duckdb::ClientContext& context) const override;

  CsvDialect dialect{};
  std::vector<ColumnText> columns;
  duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> casts;  // to VARCHAR, one for each column
};

class CsvEncoder final : public RowEncoder {
 public:
  CsvEncoder(duckdb::ClientContext& context, const CsvFormat& format)
      : format_(format), columns_(format.columns.size()), executor_(context, format.casts) {}

  void Encode(duckdb::DataChunk& chunk, TextWriter& text) override;

 private:
  // Of the chunk at hand.
  struct Column {
    duckdb::UnifiedVectorFormat format;
    bool is_text = false;
    std::optional<duckdb::Vector> text;  // what a cast made
  };

  void Prepare(duckdb::DataChunk& chunk);
  char* WriteCells(std::size_t from, std::size_t to, idx_t row, char* out, TextWriter& text) const;

  const CsvFormat& format_;
  std::vector<Column> columns_;
  duckdb::ExpressionExecutor executor_;
};

std::unique_ptr<RowEncoder> CsvFormat::MakeEncoder(duckdb::ClientContext& context) const {
  return std::make_unique<CsvEncoder>(context, *this);
}

void CsvEncoder::Prepare(duckdb::DataChunk& chunk) {
  executor_.SetChunk(chunk);
  for (idx_t i = 0; i < columns_.size(); ++i) {
    auto& [format, is_text, text] = columns_[i];
    const ColumnText& column = format_.columns[i];
    duckdb::Vector& values = chunk.data[i];
    values.ToUnifiedFormat(chunk.size(), format);
    is_text = column.write == nullptr || !InRange(column, values.GetType(), format, chunk.size());
    if (!is_text || column.is_varchar) continue;
    executor_.ExecuteExpression(i, text.emplace(duckdb::LogicalType::VARCHAR));
    text->ToUnifiedFormat(chunk.size(), format);
  }
}

// Room is asked for as many cells at a time, so that a row of thousands takes no more than its text.
constexpr std::size_t kCellsAtOnce = 64;
constexpr std::size_t kRoomBytes = kCellsAtOnce * (kCellBytes + 1) + 2;  // with delimiters and a line's end

void CsvEncoder::Encode(duckdb::DataChunk& chunk, TextWriter& text) {
  Prepare(chunk);
  const std::string_view line_end = format_.dialect.line_end;
  for (idx_t row = 0; row < chunk.size(); ++row) {
    char* out = nullptr;
    for (std::size_t from = 0; from < columns_.size(); from += kCellsAtOnce) {
      out = WriteCells(from, std::min(from + kCellsAtOnce, columns_.size()), row, text.Room(kRoomBytes), text);
      text.Advance(out);
    }
    --out;  // the last delimiter
    std::memcpy(out, line_end.data(), line_end.size());
    text.Advance(out + line_end.size());
  }
}

// Each with the delimiter behind it, at `out`, which has kRoomBytes.
char* CsvEncoder::WriteCells(std::size_t from, std::size_t to, idx_t row, char* out, TextWriter& text) const {
  const char delimiter = format_.dialect.delimiter;
  for (std::size_t i = from; i < to; ++i) {
    const auto& [format, is_text, cast] = columns_[i];
    const idx_t index = format.sel->get_index(row);
    if (!format.validity.RowIsValid(index)) {
      // an empty field
    } else if (is_text) {
      const auto& value = duckdb::UnifiedVectorFormat::GetData<duckdb::string_t>(format)[index];
      text.Advance(out);  // so that the room for the other cells stays
      out = text.Room(2 * value.GetSize() + kFieldSlackBytes + kRoomBytes);
      out = WriteField({value.GetData(), value.GetSize()}, delimiter, out);
    } else {
      out = format_.columns[i].write(format_.columns[i], format.data, index, out);
    }
    *out++ = delimiter;
  }
  return out;
}

}  // namespace

std::unique_ptr<TextFormat> MakeCsvFormat(duckdb::ClientContext& context, const duckdb::vector<std::string>& names,
                                          const duckdb::vector<duckdb::LogicalType>& types, CsvDialect dialect) {
  auto unique_names = names;
  duckdb::QueryResult::DeduplicateColumns(unique_names);
  auto format = std::make_unique<CsvFormat>();
  format->begin = Header(unique_names, dialect);
  format->dialect = dialect;
  for (idx_t i = 0; i < types.size(); ++i) {
    format->columns.push_back(MakeColumn(types[i]));
    format->casts.push_back(duckdb::BoundCastExpression::AddCastToType(
        context, duckdb::make_uniq<duckdb::BoundReferenceExpression>(types[i], i), duckdb::LogicalType::VARCHAR));
  }
  return format;
}

}  // namespace eider
