#include "engine/xlsx_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>

#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/timestamp.hpp"
#include "engine/xlsx_text.h"

namespace eider {
namespace {

constexpr std::uint64_t kMostRows = 1'048'575;
constexpr std::size_t kMostColumns = 16'384;
constexpr std::size_t kMostText = 32'767;
constexpr std::int64_t kExactInteger = 999'999'999'999'999;  // Excel keeps 15 digits
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::int64_t kFirstDay = -25'508;     // 1900-03-01 in days from 1970: before it Excel counts a day too many
constexpr std::int64_t kLastDay = 2'932'896;    // 9999-12-31
constexpr std::int64_t kSerialOf1970 = 25'569;  // Excel's number of 1970-01-01

Error TooLarge(std::string what) {
  return {ErrorKind::kUnsupported, std::move(what) + "; ask for fewer or use another format, e.g. csv", {}};
}

std::size_t Utf16Units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0) != 0x80;  // each code point
    units += byte >= 0xF0;           // one beyond U+FFFF takes two
  }
  return units;
}

// A file that is gone when this is.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& folder) : name_(folder + "/sheet-XXXXXX") {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
  }
  ~TemporaryFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& name() const { return name_; }
  bool ok() const { return descriptor_ >= 0; }

  Status CopyTo(Sink& sink) const {
    const int file = ::open(name_.c_str(), O_RDONLY | O_CLOEXEC);  // libxlsxwriter has written a new one of that name
    if (file < 0) return Error{ErrorKind::kExhausted, fmt::format("open '{}': {}", name_, std::strerror(errno)), {}};
    std::string buffer(256 * 1024, '\0');
    Status status;
    for (ssize_t n = 1; status && n != 0;) {
      n = ::read(file, buffer.data(), buffer.size());
      if (n < 0 && errno != EINTR) status = Error{ErrorKind::kUnavailable, fmt::format("read '{}'", name_), {}};
      if (n > 0) status = sink.Write(std::span<const char>(buffer.data(), static_cast<std::size_t>(n)));
    }
    ::close(file);
    return status;
  }

 private:
  std::string name_;
  int descriptor_ = -1;
};

class Sheet {
 public:
  Sheet(const std::string& file, const std::string& folder, const duckdb::vector<std::string>& names)
      : folder_(folder), names_(names) {
    lxw_workbook_options options{};
    options.constant_memory = LXW_TRUE;
    options.tmpdir = folder_.data();
    book_ = workbook_new_opt(file.c_str(), &options);
    sheet_ = workbook_add_worksheet(book_, "data");
    lxw_doc_properties properties{};
    properties.created = 946'684'800;  // a constant: equal requests give equal bytes
    workbook_set_properties(book_, &properties);
    day_ = Formatted("yyyy-mm-dd");
    moment_ = Formatted("yyyy-mm-dd hh:mm:ss.000");
    time_ = Formatted("hh:mm:ss.000");
    for (std::size_t i = 0; i < names.size(); ++i) Text(0, static_cast<lxw_col_t>(i), names[i]);
  }
  ~Sheet() {
    if (book_ != nullptr) workbook_close(book_);
  }
  Sheet(const Sheet&) = delete;
  Sheet& operator=(const Sheet&) = delete;

  Status Append(duckdb::DataChunk& chunk) {
    for (duckdb::idx_t i = 0; i < chunk.size(); ++i) {
      if (rows_ == kMostRows)
        return TooLarge(fmt::format("XLSX holds at most {} rows and the result has more", kMostRows));
      ++rows_;
      for (duckdb::idx_t column = 0; column < chunk.ColumnCount(); ++column) {
        const duckdb::Value value = chunk.GetValue(column, i);
        if (!value.IsNull()) Cell(static_cast<lxw_row_t>(rows_), static_cast<lxw_col_t>(column), value);
      }
      if (error_) return *error_;
    }
    return {};
  }

  Status Close() {
    const lxw_error code = workbook_close(std::exchange(book_, nullptr));
    if (code == LXW_NO_ERROR) return {};
    return Error{ErrorKind::kExhausted, fmt::format("the sheet could not be written: {}", lxw_strerror(code)), {}};
  }

  std::uint64_t rows() const { return rows_; }

 private:
  lxw_format* Formatted(const char* pattern) {
    lxw_format* format = workbook_add_format(book_);
    format_set_num_format(format, pattern);
    return format;
  }

  void Cell(lxw_row_t row, lxw_col_t column, const duckdb::Value& value) {
    using duckdb::LogicalTypeId;
    switch (value.type().id()) {
      case LogicalTypeId::BOOLEAN:
        worksheet_write_boolean(sheet_, row, column, value.GetValue<bool>(), nullptr);
        return;
      case LogicalTypeId::TINYINT:
      case LogicalTypeId::SMALLINT:
      case LogicalTypeId::INTEGER:
      case LogicalTypeId::UTINYINT:
      case LogicalTypeId::USMALLINT:
      case LogicalTypeId::UINTEGER:
      case LogicalTypeId::BIGINT:
      case LogicalTypeId::UBIGINT:
      case LogicalTypeId::HUGEINT:
      case LogicalTypeId::UHUGEINT:
      case LogicalTypeId::DECIMAL: return Exact(row, column, value);
      case LogicalTypeId::FLOAT:
      case LogicalTypeId::DOUBLE: return Real(row, column, value);
      case LogicalTypeId::DATE: {
        const std::int64_t day = duckdb::DateValue::Get(value).days;
        if (day < kFirstDay || day > kLastDay) break;
        worksheet_write_number(sheet_, row, column, static_cast<double>(day + kSerialOf1970), day_);
        return;
      }
      case LogicalTypeId::TIMESTAMP:
      case LogicalTypeId::TIMESTAMP_MS:
      case LogicalTypeId::TIMESTAMP_SEC: {
        const auto micros = value.DefaultCastAs(duckdb::LogicalType::TIMESTAMP).GetValue<duckdb::timestamp_t>().value;
        if (micros < kFirstDay * kMicrosPerDay || micros >= (kLastDay + 1) * kMicrosPerDay) break;
        const double serial = static_cast<double>(micros) / kMicrosPerDay + static_cast<double>(kSerialOf1970);
        worksheet_write_number(sheet_, row, column, serial, moment_);
        return;
      }
      case LogicalTypeId::TIME:
        worksheet_write_number(sheet_, row, column,
                               static_cast<double>(value.GetValue<duckdb::dtime_t>().micros) / kMicrosPerDay, time_);
        return;
      case LogicalTypeId::VARCHAR: return Text(row, column, duckdb::StringValue::Get(value));
      default: break;
    }
    Text(row, column, value.ToString());
  }

  // A number where its digits survive, else text.
  void Exact(lxw_row_t row, lxw_col_t column, const duckdb::Value& value) {
    const std::string digits = value.ToString();
    const auto count = std::count_if(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (count > 15) return Text(row, column, digits);
    worksheet_write_number(sheet_, row, column, std::strtod(digits.c_str(), nullptr), nullptr);
  }

  void Real(lxw_row_t row, lxw_col_t column, const duckdb::Value& value) {
    const double number = value.GetValue<double>();
    if (std::isfinite(number)) {
      worksheet_write_number(sheet_, row, column, number, nullptr);
    } else {
      Text(row, column, std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
    }
  }

  void Text(lxw_row_t row, lxw_col_t column, const std::string& text) {
    const std::string cell = EscapeCellText(text);
    if (Utf16Units(cell) > kMostText) {
      error_ = TooLarge(fmt::format("XLSX holds at most {} characters in a cell, and column '{}' has more in row {}",
                                    kMostText, names_[column], row));
      return;
    }
    worksheet_write_string(sheet_, row, column, cell.c_str(), nullptr);
  }

  std::string folder_;
  const duckdb::vector<std::string>& names_;
  lxw_workbook* book_ = nullptr;
  lxw_worksheet* sheet_ = nullptr;
  lxw_format* day_ = nullptr;
  lxw_format* moment_ = nullptr;
  lxw_format* time_ = nullptr;
  std::uint64_t rows_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<RunSummary> WriteXlsx(duckdb::QueryResult& result, Sink& sink, const std::string& folder) {
  if (result.names.size() > kMostColumns) {
    return TooLarge(
        fmt::format("XLSX holds at most {} columns and the result has {}", kMostColumns, result.names.size()));
  }
  const TemporaryFile file(folder);
  if (!file.ok()) return Error{ErrorKind::kExhausted, fmt::format("cannot make a file in '{}'", folder), {}};
  RunSummary summary;
  {
    Sheet sheet(file.name(), folder, result.names);
    while (const auto chunk = result.Fetch()) {
      if (chunk->size() == 0) break;
      if (auto status = sheet.Append(*chunk); !status) return status.error();
    }
    if (result.HasError()) result.ThrowError();
    summary.rows = sheet.rows();
    if (auto status = sheet.Close(); !status) return status.error();
  }
  if (auto status = file.CopyTo(sink); !status) return status.error();
  return summary;
}

}  // namespace eider
