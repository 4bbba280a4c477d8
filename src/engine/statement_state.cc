#include "engine/statement_state.h"

#include "duckdb/common/file_opener.hpp"
#include "engine/read_planner.h"

namespace eider {

StatementState::StatementState() = default;
StatementState::~StatementState() = default;

StatementState& StatementState::Of(duckdb::optional_ptr<duckdb::FileOpener> opener) {
  const auto context = duckdb::FileOpener::TryGetClientContext(opener);
  const auto state = context ? context->registered_state->Get<StatementState>(kName) : nullptr;
  if (!state) throw duckdb::PermissionException("lake:// and sink:// are readable only inside a statement");
  // The context owns the state for as long as any handle of the statement lives.
  return *state;
}

void StatementState::Fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!first_error_) first_error_ = error;
  }
  throw duckdb::IOException("%s", error.message);
}

std::optional<Error> StatementState::first_error() {
  const std::lock_guard lock(mutex_);
  return first_error_;
}

}  // namespace eider
