// The sandbox for SQL from outside: one SELECT, and of DuckDB's functions those that are known to be harmless.
//
// Three walls, each of which would do for what it sees. The instance reads nothing but the objects pinned for the
// statement, and its configuration is locked (Database); where catalogs are attached, it opens no other file than
// theirs, and what their extensions reach by themselves only an ATTACH or a function of theirs can name. Before a
// statement is bound, CheckSyntax refuses by name; a function that sandbox_functions.txt does not class as harmless is
// refused, with the reason that stands there. Once it is bound, and before it is optimized or runs, its plan is looked
// through again: whatever a view, a macro or a text that became SQL has brought in is a function of the plan, and what
// is unknown is refused there.
#pragma once

#include <string_view>

#include "duckdb.hpp"
#include "duckdb/parser/query_node.hpp"
#include "engine/attached_catalog.h"

namespace eider {

enum class FunctionKind : std::uint8_t { kValue, kTable };  // scalar, aggregate and macro; or stands in FROM

struct FunctionClass {
  std::string_view name;     // "plain", "changing", "objects", "internal", or of one that is refused
  std::string_view refusal;  // empty: harmless
};

// Of a function's name, case ignored; null for one that is in no class.
const FunctionClass* ClassOf(FunctionKind kind, std::string_view name);

// Throws DuckDB's BinderException for what a statement from outside may not name, with why and where. `catalogs`: those
// that it may name; null: that is judged elsewhere.
void CheckSyntax(duckdb::QueryNode& node, const AttachedCatalogs* catalogs);

// Whether equal statements may have different answers: random(), now(), a sample.
bool IsChanging(duckdb::QueryNode& node);

// Adds the look through the plans of confined statements.
void RegisterSandbox(duckdb::DBConfig& config);

}  // namespace eider
