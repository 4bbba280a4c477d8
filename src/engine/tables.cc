#include "engine/tables.h"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "base/text.h"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/operator_expression.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "engine/attach_sql.h"
#include "engine/sandbox.h"
#include "engine/statement_state.h"
#include "engine/syntax_walk.h"

namespace eider {
namespace {

using ExpressionPointer = duckdb::unique_ptr<duckdb::ParsedExpression>;

duckdb::FunctionExpression* CallOf(duckdb::TableRef& ref) {
  if (ref.type != duckdb::TableReferenceType::TABLE_FUNCTION) return nullptr;
  auto& function = ref.Cast<duckdb::TableFunctionRef>().function;
  if (!function || function->GetExpressionClass() != duckdb::ExpressionClass::FUNCTION) return nullptr;
  return &function->Cast<duckdb::FunctionExpression>();
}

// lake('GLOB'): a relation, whatever the objects' format.
bool IsLakeCall(const duckdb::FunctionExpression& call) {
  return ToLower(call.function_name) == "lake" && call.schema.empty();
}

// read_csv('GLOB', …), glob('GLOB') and their kind.
bool ReadsObjects(const duckdb::FunctionExpression& call) {
  const FunctionClass* known = ClassOf(FunctionKind::kTable, call.function_name);
  return known != nullptr && known->name == "objects";
}

std::optional<std::string> TextOf(const duckdb::ParsedExpression& expression) {
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::CONSTANT) return std::nullopt;
  const auto& value = expression.Cast<duckdb::ConstantExpression>().value;
  if (value.IsNull() || value.type().id() != duckdb::LogicalTypeId::VARCHAR) return std::nullopt;
  return duckdb::StringValue::Get(value);
}

const duckdb::vector<ExpressionPointer>* ItemsOf(const duckdb::ParsedExpression& expression) {
  if (expression.GetExpressionType() == duckdb::ExpressionType::ARRAY_CONSTRUCTOR) {
    return &expression.Cast<duckdb::OperatorExpression>().children;
  }
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::FUNCTION) return nullptr;
  const auto& call = expression.Cast<duckdb::FunctionExpression>();
  return call.function_name == "list_value" ? &call.children : nullptr;
}

// The texts of a list of nothing else.
std::optional<std::vector<std::string>> TextsOf(const duckdb::ParsedExpression& expression) {
  const auto* items = ItemsOf(expression);
  if (items == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& item : *items) {
    auto text = TextOf(*item);
    if (!text) return std::nullopt;
    texts.push_back(*std::move(text));
  }
  return texts;
}

// The globs of the first argument: one text, or a list of them. Empty for anything else.
std::vector<std::string> GlobsOf(const duckdb::FunctionExpression& call) {
  if (call.children.empty()) return {};
  if (auto text = TextOf(*call.children[0])) return {*std::move(text)};
  return TextsOf(*call.children[0]).value_or(std::vector<std::string>());
}

duckdb::Value ListOf(const std::vector<std::string>& texts) {
  return duckdb::Value::LIST(duckdb::LogicalType::VARCHAR, {texts.begin(), texts.end()});
}

// Lists of texts become constants. To bind a list is to look up a function, plan its call with each text and run it,
// once for each statement.
void FoldLists(duckdb::FunctionExpression& call) {
  for (auto& argument : call.children) {
    const auto texts = TextsOf(*argument);
    if (!texts || texts->empty()) continue;
    auto constant = duckdb::make_uniq<duckdb::ConstantExpression>(ListOf(*texts));
    constant->SetAlias(argument->GetAlias());
    argument = std::move(constant);
  }
}

// What Eider itself puts into a SELECT stands at no place of its text.
void Prepare(duckdb::QueryNode& node) {
  SyntaxVisitor visitor;
  visitor.expression = [](ExpressionPointer& expression) { expression->SetQueryLocation({}); };
  visitor.table = [](duckdb::TableRef& table) {
    table.query_location = {};
    if (auto* call = CallOf(table)) FoldLists(*call);
  };
  WalkSyntax(node, visitor);
}

duckdb::unique_ptr<duckdb::SelectStatement> ParseOwn(duckdb::ClientContext& context, const std::string& sql) {
  duckdb::Parser parser(context.GetParserOptions());
  parser.ParseQuery(sql);
  auto select =
      duckdb::unique_ptr_cast<duckdb::SQLStatement, duckdb::SelectStatement>(std::move(parser.statements.at(0)));
  Prepare(*select->node);
  return select;
}

// The table function of a dataset's relation.
ExpressionPointer ParseRelation(duckdb::ClientContext& context, const std::string& relation) {
  auto parsed = duckdb::Parser::ParseExpressionList(relation, context.GetParserOptions());
  ExpressionPointer call = std::move(parsed.at(0));
  call->SetQueryLocation({});
  FoldLists(call->Cast<duckdb::FunctionExpression>());
  return call;
}

void PutLake(duckdb::ClientContext& context, duckdb::TableFunctionRef& ref, const Statement& statement) {
  const auto globs = GlobsOf(ref.function->Cast<duckdb::FunctionExpression>());
  const auto relation = globs.size() == 1 ? statement.globs.find(globs.front()) : statement.globs.end();
  if (relation == statement.globs.end()) {
    throw duckdb::BinderException(ref, "lake() wants one text: a glob of keys, such as lake('flights/2019-*.parquet')");
  }
  ref.function = ParseRelation(context, relation->second);
}

void PutPaths(duckdb::FunctionExpression& call, const Statement& statement) {
  std::vector<std::string> paths;
  for (const std::string& glob : GlobsOf(call)) {
    const auto found = statement.files.find(glob);
    if (found != statement.files.end()) paths.insert(paths.end(), found->second.begin(), found->second.end());
  }
  if (paths.empty()) {
    throw duckdb::BinderException(
        call, fmt::format("{0}() wants a text first, or a list of texts: keys or globs of keys, such as "
                          "{0}('flights/*.parquet')",
                          call.function_name));
  }
  // Some of these take one path and no list.
  auto argument = paths.size() == 1 ? duckdb::Value(paths.front()) : ListOf(paths);
  call.children[0] = duckdb::make_uniq<duckdb::ConstantExpression>(std::move(argument));
}

// The first part of NAME.schema.table and NAME.table, in lower case; empty for a bare name.
std::string FirstPart(const duckdb::BaseTableRef& table) {
  return ToLower(table.catalog_name.empty() ? table.schema_name : table.catalog_name);
}

// Names of attached catalogs become what they stand for: those of a folder the scan of a table's files, as a common
// table expression that is added to `folders`; all others the name under which DuckDB has the catalog.
class CatalogNames {
 public:
  CatalogNames(duckdb::ClientContext& context, const Statement& statement) : statement_(statement) {
    const auto state = context.registered_state->Get<StatementState>(StatementState::kName);
    if (state) aliases_ = state->aliases;
  }

  void Put(duckdb::QueryNode& node) {
    if (statement_.catalogs.empty()) return;
    SyntaxVisitor visitor;
    visitor.table = [&](duckdb::TableRef& ref) {
      if (ref.type == duckdb::TableReferenceType::BASE_TABLE) PutTable(ref.Cast<duckdb::BaseTableRef>());
    };
    visitor.expression = [&](ExpressionPointer& expression) {
      if (expression->GetExpressionClass() != duckdb::ExpressionClass::COLUMN_REF) return;
      auto& names = expression->Cast<duckdb::ColumnRefExpression>().column_names;
      const auto alias = names.size() < 4 ? aliases_.end() : aliases_.find(ToLower(names[0]));
      if (alias != aliases_.end()) names[0] = alias->second;
    };
    WalkSyntax(node, visitor);
  }

  const std::map<std::string, std::string>& folders() const { return folders_; }

 private:
  void PutTable(duckdb::BaseTableRef& table) {
    const auto found = statement_.catalogs.find(FirstPart(table));
    if (found == statement_.catalogs.end()) return;
    const std::string schema = table.catalog_name.empty() ? std::string() : table.schema_name;
    if (!found->second->is_folder()) {
      const auto alias = aliases_.find(found->first);
      if (alias == aliases_.end()) return;
      table.catalog_name = alias->second;
      table.schema_name = schema;
      return;
    }
    if (table.at_clause) {
      throw duckdb::BinderException(table, "AT has no meaning here: of a folder's tables the last version is read");
    }
    if (table.alias.empty()) table.alias = table.table_name;
    const std::string name = fmt::format("{}.{}.{}", found->first, schema, table.table_name);
    const auto relation = FolderRelation(*found->second, schema, table.table_name);
    if (!relation) throw duckdb::BinderException(table, relation.error().message);
    folders_[name] = "SELECT * FROM " + *relation;
    table.table_name = name;
    table.schema_name.clear();
    table.catalog_name.clear();
  }

  const Statement& statement_;
  std::map<std::string, std::string> aliases_;
  std::map<std::string, std::string> folders_;
};

// From lake.NAME to the common table expression of that name; columns are still called NAME.column.
void PutLakeTable(duckdb::BaseTableRef& table) {
  if (table.alias.empty()) table.alias = table.table_name;
  table.table_name = "lake." + table.table_name;
  table.schema_name.clear();
}

}  // namespace

bool IsLakeTable(const duckdb::BaseTableRef& table) {
  return table.catalog_name.empty() && ToLower(table.schema_name) == "lake";
}

TableNames FindTables(duckdb::QueryNode& node) {
  TableNames found;
  std::set<std::string> globs;
  std::set<std::string> files;
  SyntaxVisitor visitor;
  visitor.node = [&](duckdb::QueryNode& query) {
    for (const auto& own : query.cte_map.map) found.defined.insert(ToLower(own.first));
  };
  visitor.table = [&](duckdb::TableRef& ref) {
    if (const auto* call = CallOf(ref)) {
      auto named = GlobsOf(*call);
      if (IsLakeCall(*call) && named.size() == 1) globs.insert(named.front());
      if (ReadsObjects(*call)) files.insert(named.begin(), named.end());
    }
    if (ref.type != duckdb::TableReferenceType::BASE_TABLE) return;
    const auto& table = ref.Cast<duckdb::BaseTableRef>();
    const std::size_t place = ref.query_location.IsValid() ? ref.query_location.GetIndex() : 0;
    if (IsLakeTable(table)) {
      found.lake.try_emplace(table.table_name, place);
    } else if (!FirstPart(table).empty()) {
      const bool three = !table.catalog_name.empty();
      found.qualified.push_back(
          {three ? table.catalog_name : table.schema_name, three ? table.schema_name : "", table.table_name, place});
    }
    if (!table.schema_name.empty() || !table.catalog_name.empty()) return;
    found.names.try_emplace(table.table_name, place);
  };
  WalkSyntax(node, visitor);
  found.globs = {globs.begin(), globs.end()};
  found.files = {files.begin(), files.end()};
  found.changing = IsChanging(node);
  return found;
}

void PutTables(duckdb::ClientContext& context, duckdb::QueryNode& node, const Statement& statement) {
  // Eider's own statements name their objects by path, and have no files.
  const bool from_outside = statement.confined || !statement.files.empty();
  SyntaxVisitor visitor;
  visitor.table = [&](duckdb::TableRef& ref) {
    if (ref.type == duckdb::TableReferenceType::BASE_TABLE && IsLakeTable(ref.Cast<duckdb::BaseTableRef>())) {
      PutLakeTable(ref.Cast<duckdb::BaseTableRef>());
    }
    auto* call = CallOf(ref);
    if (call == nullptr) return;
    if (IsLakeCall(*call)) {
      PutLake(context, ref.Cast<duckdb::TableFunctionRef>(), statement);
    } else if (from_outside && ReadsObjects(*call)) {
      PutPaths(*call, statement);
    }
  };
  WalkSyntax(node, visitor);
  CatalogNames catalogs(context, statement);
  catalogs.Put(node);
  // Before the query's own, which may refer to them.
  duckdb::CommonTableExpressionMap tables;
  const auto add = [&](const std::string& name, const std::string& select) {
    if (node.cte_map.map.contains(name)) return;
    auto table = duckdb::make_uniq<duckdb::CommonTableExpressionInfo>();
    table->query = ParseOwn(context, select);
    catalogs.Put(*table->query->node);
    table->materialized = duckdb::CTEMaterialize::CTE_MATERIALIZE_NEVER;
    tables.map.insert(name, std::move(table));
  };
  for (const auto& [name, select] : catalogs.folders()) add(name, select);
  for (const auto& [name, select] : statement.tables) add(name, select);
  for (auto& own : node.cte_map.map) tables.map.insert(own.first, std::move(own.second));
  node.cte_map = std::move(tables);
}

}  // namespace eider
