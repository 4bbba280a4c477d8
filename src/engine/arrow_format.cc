#include "engine/arrow_format.h"

#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <cstring>
#include <functional>
#include <optional>
#include <span>

#include "duckdb/common/arrow/arrow_appender.hpp"
#include "duckdb/common/arrow/arrow_converter.hpp"

namespace eider {
namespace {

// Rows of one record batch: enough that the message's head costs nothing, little enough that a batch of ten columns is
// below a megabyte and still in the processor's cache when it is copied to the sink. The first of what one thread reads
// in a row, such as a row group, is one chunk, so that the first byte does not wait.
constexpr std::uint64_t kBatchRows = 8 * 1024;

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

// nanoarrow's messages, to wherever the bytes of one belong.
class MessageWriter {
 public:
  using Write = std::function<void(std::span<const char>)>;

  MessageWriter() {
    ArrowIpcOutputStream stream{&MessageWriter::Take, [](ArrowIpcOutputStream* self) { self->release = nullptr; },
                                this};
    if (ArrowIpcWriterInit(&writer_, &stream) != NANOARROW_OK) throw duckdb::InternalException("nanoarrow: init");
  }
  ~MessageWriter() {
    ArrowArrayViewReset(&view_);
    if (schema_.release != nullptr) schema_.release(&schema_);
    ArrowIpcWriterReset(&writer_);
  }
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  // Before the others. Not in the constructor: once that has thrown, no destructor frees what the writer holds.
  void SetSchema(const duckdb::vector<duckdb::LogicalType>& types, const duckdb::vector<std::string>& names,
                 duckdb::ClientProperties& properties) {
    duckdb::ArrowConverter::ToArrowSchema(&schema_, types, names, properties);
    Check(ArrowArrayViewInitFromSchema(&view_, &schema_, &reason_), "the schema's view");
  }

  void WriteSchema(const Write& write) {
    write_ = &write;
    Check(ArrowIpcWriterWriteSchema(&writer_, &schema_, &reason_), "the schema");
  }
  void WriteBatch(ArrowArray array, const Write& write) {
    write_ = &write;
    ArrowErrorCode code = ArrowArrayViewSetArray(&view_, &array, &reason_);
    if (code == NANOARROW_OK) code = ArrowIpcWriterWriteArrayView(&writer_, &view_, &reason_);
    if (array.release != nullptr) array.release(&array);
    Check(code, "a record batch");
  }
  void WriteEnd(const Write& write) {
    write_ = &write;
    Check(ArrowIpcWriterWriteArrayView(&writer_, nullptr, &reason_), "the end of the stream");
  }

 private:
  static ArrowErrorCode Take(ArrowIpcOutputStream* stream, const void* data, int64_t size, int64_t* written_out,
                             ArrowError*) {
    (*static_cast<MessageWriter*>(stream->private_data)->write_)(
        {static_cast<const char*>(data), static_cast<std::size_t>(size)});
    *written_out = size;
    return NANOARROW_OK;
  }

  void Check(ArrowErrorCode code, const char* what) {
    if (code != NANOARROW_OK) throw duckdb::NotImplementedException("Arrow cannot carry %s: %s", what, reason_.message);
  }

  const Write* write_ = nullptr;
  ArrowIpcWriter writer_{};
  ArrowSchema schema_{};
  ArrowArrayView view_{};
  ArrowError reason_{};
};

class ArrowEncoder final : public RowEncoder {
 public:
  ArrowEncoder(const duckdb::vector<duckdb::LogicalType>& types, const duckdb::vector<std::string>& names,
               duckdb::ClientProperties properties)
      : types_(types), properties_(std::move(properties)) {
    messages_.SetSchema(types_, names, properties_);
  }

  void Encode(duckdb::DataChunk& chunk, TextWriter& text) override {
    if (!appender_) appender_.emplace(types_, kBatchRows, properties_, NoExtensions());
    for (auto& column : chunk.data) ZeroBelowNulls(column, chunk.size(), nullptr);
    appender_->Append(chunk, 0, chunk.size(), chunk.size());
    if (!first_written_ || appender_->RowCount() >= kBatchRows) Flush(text);
  }

  void End(TextWriter& text) override {
    Flush(text);
    first_written_ = false;
  }

 private:
  static std::unordered_map<duckdb::idx_t, const duckdb::shared_ptr<duckdb::ArrowTypeExtensionData>> NoExtensions() {
    return {};
  }

  void Flush(TextWriter& text) {
    if (!appender_) return;
    first_written_ = true;
    ArrowArray array = appender_->Finalize();
    appender_.reset();
    messages_.WriteBatch(array, [&](std::span<const char> bytes) { text.Append(bytes); });
  }

  const duckdb::vector<duckdb::LogicalType>& types_;
  duckdb::ClientProperties properties_;
  std::optional<duckdb::ArrowAppender> appender_;
  bool first_written_ = false;
  MessageWriter messages_;
};

class ArrowFormat final : public TextFormat {
 public:
  ArrowFormat(duckdb::ClientContext& context, duckdb::vector<std::string> names,
              duckdb::vector<duckdb::LogicalType> types)
      : names_(std::move(names)), types_(std::move(types)) {
    auto properties = context.GetClientProperties();
    MessageWriter messages;
    messages.SetSchema(types_, names_, properties);
    messages.WriteSchema([this](std::span<const char> bytes) { begin.append(bytes.data(), bytes.size()); });
    messages.WriteEnd([this](std::span<const char> bytes) { end.append(bytes.data(), bytes.size()); });
  }

  std::unique_ptr<RowEncoder> MakeEncoder(duckdb::ClientContext& context) const override {
    return std::make_unique<ArrowEncoder>(types_, names_, context.GetClientProperties());
  }

 private:
  const duckdb::vector<std::string> names_;
  const duckdb::vector<duckdb::LogicalType> types_;
};

}  // namespace

std::unique_ptr<TextFormat> MakeArrowFormat(duckdb::ClientContext& context, const duckdb::vector<std::string>& names,
                                            const duckdb::vector<duckdb::LogicalType>& types) {
  return std::make_unique<ArrowFormat>(context, names, types);
}

}  // namespace eider
