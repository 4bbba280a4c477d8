#include "engine/arrow_stream.h"

#include <fmt/format.h>
#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <cstring>
#include <optional>

#include "duckdb/common/arrow/arrow_appender.hpp"
#include "duckdb/common/arrow/arrow_converter.hpp"

namespace eider {
namespace {

// Rows of one record batch: enough that the message's head costs nothing, little enough that a batch of ten text
// columns stays near a megabyte. The first batch is one chunk, so that the first byte does not wait.
constexpr std::uint64_t kBatchRows = 32 * 1024;

// DuckDB leaves whatever was in memory below NULLs and Arrow copies it: bytes that no one asked for, and other ones
// each time. `parent` says which rows of the enclosing structs are valid.
void ZeroBelowNulls(duckdb::Vector& vector, duckdb::idx_t count, const duckdb::ValidityMask* parent) {
  vector.Flatten(count);
  auto& validity = duckdb::FlatVector::Validity(vector);
  const auto is_null = [&](duckdb::idx_t row) {
    return !validity.RowIsValid(row) || (parent != nullptr && !parent->RowIsValid(row));
  };
  switch (vector.GetType().InternalType()) {
    case duckdb::PhysicalType::STRUCT:
      for (auto& child : duckdb::StructVector::GetEntries(vector)) ZeroBelowNulls(*child, count, &validity);
      return;
    case duckdb::PhysicalType::LIST:
      ZeroBelowNulls(duckdb::ListVector::GetEntry(vector), duckdb::ListVector::GetListSize(vector), nullptr);
      return;
    case duckdb::PhysicalType::VARCHAR: return;  // a NULL text has no bytes
    default: break;
  }
  const auto width = duckdb::GetTypeIdSize(vector.GetType().InternalType());
  if ((validity.AllValid() && parent == nullptr) || !duckdb::TypeIsConstantSize(vector.GetType().InternalType()))
    return;
  auto* data = duckdb::FlatVector::GetData(vector);
  for (duckdb::idx_t row = 0; row < count; ++row) {
    if (is_null(row)) std::memset(data + row * width, 0, width);
  }
}

// nanoarrow's output stream over a Sink. An error of the sink is kept, for nanoarrow knows only codes.
struct SinkStream {
  Sink& sink;
  std::optional<Error> error;

  static ArrowErrorCode Write(ArrowIpcOutputStream* stream, const void* data, int64_t size, int64_t* written_out,
                              ArrowError*) {
    auto& self = *static_cast<SinkStream*>(stream->private_data);
    const auto length = static_cast<std::uint64_t>(size);
    *written_out = size;
    const auto status = self.sink.Write({static_cast<const char*>(data), length});
    if (!status) {
      self.error = status.error();
      return EIO;
    }
    return NANOARROW_OK;
  }
  static void Release(ArrowIpcOutputStream* stream) { stream->release = nullptr; }
};

class StreamWriter {
 public:
  StreamWriter(duckdb::QueryResult& result, SinkStream& out)
      : out_(out), properties_(result.client_properties), types_(result.types) {
    ArrowIpcOutputStream stream{&SinkStream::Write, &SinkStream::Release, &out};
    if (ArrowIpcWriterInit(&writer_, &stream) != NANOARROW_OK) throw duckdb::InternalException("nanoarrow: init");
  }
  ~StreamWriter() {
    ArrowArrayViewReset(&view_);
    if (schema_.release != nullptr) schema_.release(&schema_);
    ArrowIpcWriterReset(&writer_);
  }
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  // Not in the constructor: once that has thrown, no destructor frees what the writer holds.
  void Begin(const duckdb::vector<std::string>& names) {
    duckdb::ArrowConverter::ToArrowSchema(&schema_, types_, names, properties_);
    Check(ArrowIpcWriterWriteSchema(&writer_, &schema_, &reason_), "the schema");
    Check(ArrowArrayViewInitFromSchema(&view_, &schema_, &reason_), "the schema's view");
  }

  void Append(duckdb::DataChunk& chunk) {
    if (!appender_) appender_.emplace(types_, kBatchRows, properties_, NoExtensions());
    for (auto& column : chunk.data) ZeroBelowNulls(column, chunk.size(), nullptr);
    appender_->Append(chunk, 0, chunk.size(), chunk.size());
    if (!first_written_ || appender_->RowCount() >= kBatchRows) Flush();
  }

  void Finish() {
    Flush();
    Check(ArrowIpcWriterWriteArrayView(&writer_, nullptr, &reason_), "the end of the stream");
  }

 private:
  static std::unordered_map<duckdb::idx_t, const duckdb::shared_ptr<duckdb::ArrowTypeExtensionData>> NoExtensions() {
    return {};
  }

  void Flush() {
    if (!appender_) return;
    first_written_ = true;
    ArrowArray array = appender_->Finalize();
    appender_.reset();
    ArrowErrorCode code = ArrowArrayViewSetArray(&view_, &array, &reason_);
    if (code == NANOARROW_OK) code = ArrowIpcWriterWriteArrayView(&writer_, &view_, &reason_);
    if (array.release != nullptr) array.release(&array);
    Check(code, "a record batch");
  }

  void Check(ArrowErrorCode code, const char* what) {
    if (code == NANOARROW_OK) return;
    if (out_.error) throw duckdb::IOException("%s", out_.error->message);
    throw duckdb::NotImplementedException("Arrow cannot carry %s: %s", what, reason_.message);
  }

  SinkStream& out_;
  duckdb::ClientProperties properties_;
  duckdb::vector<duckdb::LogicalType> types_;
  std::optional<duckdb::ArrowAppender> appender_;
  bool first_written_ = false;
  ArrowIpcWriter writer_{};
  ArrowSchema schema_{};
  ArrowArrayView view_{};
  ArrowError reason_{};
};

}  // namespace

Result<RunSummary> WriteArrowStream(duckdb::QueryResult& result, Sink& sink) {
  RunSummary summary;
  SinkStream out{sink, {}};
  try {
    StreamWriter writer(result, out);
    writer.Begin(result.names);
    while (const auto chunk = result.Fetch()) {
      if (chunk->size() == 0) break;
      summary.rows += chunk->size();
      writer.Append(*chunk);
    }
    if (result.HasError()) result.ThrowError();
    writer.Finish();
  } catch (...) {
    if (out.error) return *out.error;
    throw;
  }
  return summary;
}

}  // namespace eider
