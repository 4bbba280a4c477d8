#include "engine/partitioned_write.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/execution/execution_context.hpp"
#include "duckdb/parallel/thread_context.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/star_expression.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"
#include "engine/sink_file_system.h"

namespace eider {
namespace {

// A file beyond this is closed and another one begun: large enough that its footer and requests cost nothing, small
// enough that readers find several to share.
constexpr std::uint64_t kFileBytes = 256ULL << 20;

constexpr std::string_view kNullFolder = "__HIVE_DEFAULT_PARTITION__";

// Passes bytes on and counts them.
class CountedSink final : public Sink {
 public:
  explicit CountedSink(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {}
  Status Write(std::span<const char> bytes) override {
    bytes_ += bytes.size();
    return sink_->Write(bytes);
  }
  Status Close() override { return sink_->Close(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  const std::unique_ptr<Sink> sink_;
  std::uint64_t bytes_ = 0;
};

// One Parquet file after another through DuckDB's writer, whose own COPY would keep one open for each partition.
class ParquetFiles {
 public:
  ParquetFiles(duckdb::ClientContext& context, StatementState& state, const duckdb::CopyFunction& parquet,
               const duckdb::vector<std::string>& names, const duckdb::vector<duckdb::LogicalType>& types)
      : context_(context), state_(state), parquet_(parquet), thread_(context), execution_(context, thread_, nullptr) {
    duckdb::CopyInfo info;
    info.format = "parquet";
    duckdb::CopyFunctionBindInput input(info);
    bound_ = parquet_.copy_to_bind(context, input, names, types);
  }

  ~ParquetFiles() { Drop(); }

  bool open() const { return sink_ != nullptr; }
  bool full() const { return sink_->bytes() >= kFileBytes; }

  void Open(std::unique_ptr<Sink> sink) {
    sink_ = std::make_unique<CountedSink>(std::move(sink));
    state_.sink = sink_.get();
    global_ = parquet_.copy_to_initialize_global(context_, *bound_, std::string(SinkFileSystem::kScheme) + "part");
    local_ = parquet_.copy_to_initialize_local(execution_, *bound_);
  }

  void Append(duckdb::DataChunk& rows) { parquet_.copy_to_sink(execution_, *bound_, *global_, *local_, rows); }

  Status Close() {
    parquet_.copy_to_combine(execution_, *bound_, *global_, *local_);
    parquet_.copy_to_finalize(context_, *bound_, *global_);
    auto closed = sink_->Close();
    Drop();
    return closed;
  }

 private:
  void Drop() {
    local_.reset();
    global_.reset();
    state_.sink = nullptr;
    sink_.reset();
  }

  duckdb::ClientContext& context_;
  StatementState& state_;
  const duckdb::CopyFunction& parquet_;
  duckdb::ThreadContext thread_;
  duckdb::ExecutionContext execution_;
  duckdb::unique_ptr<duckdb::FunctionData> bound_;
  std::unique_ptr<CountedSink> sink_;
  duckdb::unique_ptr<duckdb::GlobalFunctionData> global_;
  duckdb::unique_ptr<duckdb::LocalFunctionData> local_;
};

// The texts of a chunk's partition columns, and where they change from one row to the next.
class PartitionTexts {
 public:
  PartitionTexts(duckdb::ClientContext& context, duckdb::DataChunk& chunk, const std::vector<duckdb::idx_t>& columns) {
    for (const duckdb::idx_t column : columns) {
      auto& text = texts_.emplace_back(duckdb::LogicalType::VARCHAR, chunk.size());
      duckdb::VectorOperations::Cast(context, chunk.data[column], text, chunk.size());
      text.Flatten(chunk.size());
    }
  }

  std::optional<std::string> Text(std::size_t column, duckdb::idx_t row) const {
    const auto& text = texts_[column];
    if (!duckdb::FlatVector::Validity(text).RowIsValid(row)) return std::nullopt;
    return duckdb::FlatVector::GetData<duckdb::string_t>(text)[row].GetString();
  }

  // The first row at or after `row` + 1 that lies in another partition.
  duckdb::idx_t End(duckdb::idx_t row, duckdb::idx_t count) const {
    duckdb::idx_t end = row + 1;
    while (end < count && Same(row, end)) ++end;
    return end;
  }

 private:
  bool Same(duckdb::idx_t a, duckdb::idx_t b) const {
    return std::all_of(texts_.begin(), texts_.end(), [&](const duckdb::Vector& text) {
      const auto& valid = duckdb::FlatVector::Validity(text);
      if (!valid.RowIsValid(a) || !valid.RowIsValid(b)) return valid.RowIsValid(a) == valid.RowIsValid(b);
      const auto* data = duckdb::FlatVector::GetData<duckdb::string_t>(text);
      return data[a] == data[b];
    });
  }

  std::vector<duckdb::Vector> texts_;
};

bool MayNameFolder(const std::string& name) {
  return !name.empty() && name[0] != '.' && name[0] != '_' && IsCleanUtf8(name) &&
         name.find_first_of("/\\=?%\n\r") == std::string::npos;
}

}  // namespace

std::string PartitionFolder(const std::string& name, const std::optional<std::string>& value) {
  std::string text = value ? PercentEncode(*value, /*keep_slash=*/false) : std::string(kNullFolder);
  // DuckDB takes both for NULL, before it decodes.
  if (value && (ToLower(text) == "null" || text == kNullFolder)) {
    text = fmt::format("%{:02X}{}", static_cast<unsigned char>(text[0]), text.substr(1));
  }
  return name + '=' + text + '/';
}

Result<std::vector<duckdb::idx_t>> FindPartitionColumns(const std::vector<std::string>& partition_by,
                                                        const duckdb::vector<std::string>& names,
                                                        const duckdb::vector<duckdb::LogicalType>& types) {
  std::vector<duckdb::idx_t> columns;
  for (const std::string& name : partition_by) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return Invalid(fmt::format("the query has no column '{}' to partition by.{}", name, DidYouMean(name, names)),
                     "partition_by");
    }
    const auto column = static_cast<duckdb::idx_t>(found - names.begin());
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return Invalid(fmt::format("'{}' is named twice to partition by", name), "partition_by");
    }
    if (!MayNameFolder(name)) {
      return Invalid(fmt::format("no folder can be named after column '{}': give it another name with AS", name),
                     "partition_by");
    }
    if (types[column].IsNested()) {
      return Invalid(
          fmt::format("column '{}' is {}: no folder can be named after that", name, types[column].ToString()),
          "partition_by");
    }
    columns.push_back(column);
  }
  if (columns.size() == names.size()) {
    return Invalid("every column is one to partition by, and none is left for the files", "partition_by");
  }
  return columns;
}

void OrderByPartition(duckdb::unique_ptr<duckdb::QueryNode>& node, const std::vector<duckdb::idx_t>& columns) {
  if (columns.empty()) return;
  duckdb::OrderModifier* order = nullptr;
  for (const auto& modifier : node->modifiers) {
    if (modifier->type == duckdb::ResultModifierType::ORDER_MODIFIER) order = &modifier->Cast<duckdb::OrderModifier>();
  }
  // A LIMIT or a DISTINCT ON takes its rows in the order that the SELECT asks for: that one stays, inside.
  if (order == nullptr || node->modifiers.size() > 1) {
    auto inner = duckdb::make_uniq<duckdb::SelectStatement>();
    inner->node = std::move(node);
    auto outer = duckdb::make_uniq<duckdb::SelectNode>();
    outer->select_list.push_back(duckdb::make_uniq<duckdb::StarExpression>());
    outer->from_table = duckdb::make_uniq<duckdb::SubqueryRef>(std::move(inner), "answer");
    auto modifier = duckdb::make_uniq<duckdb::OrderModifier>();
    order = modifier.get();
    outer->modifiers.push_back(std::move(modifier));
    node = std::move(outer);
  }
  duckdb::vector<duckdb::OrderByNode> orders;
  for (const duckdb::idx_t column : columns) {
    auto place = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::INTEGER(static_cast<int>(column) + 1));
    orders.emplace_back(duckdb::OrderType::ASCENDING, duckdb::OrderByNullType::NULLS_LAST, std::move(place));
  }
  std::move(order->orders.begin(), order->orders.end(), std::back_inserter(orders));
  order->orders = std::move(orders);
}

duckdb::CopyFunction ParquetCopyFunction(duckdb::ClientContext& context) {
  std::optional<duckdb::CopyFunction> function;
  context.RunFunctionInTransaction([&] {
    auto& catalog = duckdb::Catalog::GetSystemCatalog(context);
    function = catalog.GetEntry<duckdb::CopyFunctionCatalogEntry>(context, DEFAULT_SCHEMA, "parquet").function;
  });
  return *function;
}

Result<std::uint64_t> WriteParts(duckdb::ClientContext& context, StatementState& state, duckdb::QueryResult& result,
                                 const std::vector<duckdb::idx_t>& columns, const duckdb::CopyFunction& parquet,
                                 PartFiles& files) {
  std::vector<duckdb::idx_t> kept;
  duckdb::vector<std::string> names;
  duckdb::vector<duckdb::LogicalType> types;
  for (duckdb::idx_t i = 0; i < result.names.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), i) != columns.end()) continue;
    kept.push_back(i);
    names.push_back(result.names[i]);
    types.push_back(result.types[i]);
  }
  ParquetFiles file(context, state, parquet, names, types);
  std::string folder;  // of the open file
  std::uint64_t rows = 0;
  duckdb::DataChunk part;
  part.InitializeEmpty(types);
  while (const auto chunk = result.Fetch()) {
    const duckdb::idx_t count = chunk->size();
    rows += count;
    const PartitionTexts texts(context, *chunk, columns);
    for (duckdb::idx_t row = 0; row < count;) {
      const duckdb::idx_t end = texts.End(row, count);
      std::string wanted;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        wanted += PartitionFolder(result.names[columns[i]], texts.Text(i, row));
      }
      if (file.open() && (wanted != folder || file.full())) {
        if (auto closed = file.Close(); !closed) return closed.error();
      }
      if (!file.open()) {
        auto sink = files.Open(wanted);
        if (!sink) return sink.error();
        file.Open(*std::move(sink));
        folder = std::move(wanted);
      }
      for (std::size_t i = 0; i < kept.size(); ++i) part.data[i].Slice(chunk->data[kept[i]], row, end);
      part.SetCardinality(end - row);
      file.Append(part);
      row = end;
    }
  }
  if (result.HasError()) result.ThrowError();
  if (file.open()) {
    if (auto closed = file.Close(); !closed) return closed.error();
  }
  return rows;
}

}  // namespace eider
