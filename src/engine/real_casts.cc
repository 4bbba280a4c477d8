#include "engine/real_casts.h"

#include "duckdb/common/vector_operations/unary_executor.hpp"
#include "duckdb/function/cast/cast_function_set.hpp"
#include "duckdb/main/config.hpp"
#include "engine/real_text.h"

namespace eider {
namespace {

template <class Real>
bool Cast(duckdb::Vector& source, duckdb::Vector& result, duckdb::idx_t count, duckdb::CastParameters&) {
  duckdb::UnaryExecutor::Execute<Real, duckdb::string_t>(source, result, count, [&](Real value) {
    char text[kRealTextBytes];
    return duckdb::StringVector::AddString(result, text, WriteReal(value, text));
  });
  return true;
}

}  // namespace

void RegisterRealCasts(duckdb::DatabaseInstance& instance) {
  auto& casts = duckdb::DBConfig::GetConfig(instance).GetCastFunctions();
  // Only a cost of -1 leaves both casts as explicit as they were: numbers become text where it is asked for.
  casts.RegisterCastFunction(duckdb::LogicalType::DOUBLE, duckdb::LogicalType::VARCHAR, Cast<double>);
  casts.RegisterCastFunction(duckdb::LogicalType::FLOAT, duckdb::LogicalType::VARCHAR, Cast<float>);
}

}  // namespace eider
