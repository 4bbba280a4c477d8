#include "engine/json_encoder.h"

#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/function/function_binder.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "engine/json_numbers.h"

namespace eider {
namespace {

using Expressions = duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>;

duckdb::unique_ptr<duckdb::Expression> BindCall(duckdb::ClientContext& context, const char* function,
                                                Expressions arguments) {
  duckdb::ErrorData error;
  auto call = duckdb::FunctionBinder(context).BindScalarFunction(DEFAULT_SCHEMA, function, std::move(arguments), error);
  if (!call) error.Throw();
  return call;
}

class JsonFormat final : public TextFormat {
 public:
  std::unique_ptr<RowEncoder> MakeEncoder(duckdb::ClientContext& context) const override;

  bool array = false;
  duckdb::unique_ptr<duckdb::Expression> object;  // of a row
};

class JsonEncoder final : public RowEncoder {
 public:
  JsonEncoder(duckdb::ClientContext& context, const JsonFormat& format)
      : array_(format.array), executor_(context, *format.object) {
    objects_.Initialize(context, {duckdb::LogicalType::JSON()});
  }

  void Encode(duckdb::DataChunk& chunk, TextWriter& text) override {
    objects_.Reset();
    executor_.ExecuteExpression(chunk, objects_.data[0]);
    objects_.data[0].Flatten(chunk.size());
    const auto* objects = duckdb::FlatVector::GetData<duckdb::string_t>(objects_.data[0]);
    for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
      std::string_view object(objects[row].GetData(), objects[row].GetSize());
      if (QuoteNonFinite(object, quoted_)) object = quoted_;
      if (array_) text.Append(kSeparator);
      text.Append(object);
      if (!array_) text.Append(std::string_view("\n"));
    }
  }

  static constexpr std::string_view kSeparator = ",\n\t";

 private:
  const bool array_;
  duckdb::ExpressionExecutor executor_;
  duckdb::DataChunk objects_;
  std::string quoted_;
};

std::unique_ptr<RowEncoder> JsonFormat::MakeEncoder(duckdb::ClientContext& context) const {
  return std::make_unique<JsonEncoder>(context, *this);
}

}  // namespace

std::unique_ptr<TextFormat> MakeJsonFormat(duckdb::ClientContext& context, const duckdb::vector<std::string>& names,
                                           const duckdb::vector<duckdb::LogicalType>& types, bool array) {
  auto format = std::make_unique<JsonFormat>();
  Expressions members;
  for (duckdb::idx_t i = 0; i < types.size(); ++i) {
    // The alias is the member's name.
    members.push_back(duckdb::make_uniq<duckdb::BoundReferenceExpression>(names[i], types[i], i));
  }
  Expressions row;
  row.push_back(BindCall(context, "struct_pack", std::move(members)));
  format->object = BindCall(context, "to_json", std::move(row));
  format->array = array;
  if (array) {
    format->begin = "[\n\t";
    format->end = "\n]\n";
    format->separator_bytes = JsonEncoder::kSeparator.size();
  }
  return format;
}

}  // namespace eider
