#include "engine/sandbox.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/comparison_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/window_expression.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/tableref/showref.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "duckdb/planner/expression/bound_aggregate_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "engine/sandbox_functions.h"
#include "engine/statement_state.h"
#include "engine/syntax_walk.h"
#include "engine/tables.h"

namespace eider {
namespace {

using Classes = std::map<std::pair<FunctionKind, std::string_view>, FunctionClass>;

Classes ReadClasses() {
  Classes classes;
  FunctionClass current;
  std::string_view rest = kSandboxFunctions;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.starts_with("= ")) {
      const auto colon = line.find(": ");
      current.name = line.substr(2, colon == std::string_view::npos ? colon : colon - 2);
      current.refusal = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 2);
      continue;
    }
    if (line.empty() || line.starts_with("# ")) continue;
    const FunctionKind kind = line.starts_with("table ") ? FunctionKind::kTable : FunctionKind::kValue;
    for (std::size_t at = line.find(' '); at != std::string_view::npos;) {
      const std::size_t end = line.find(' ', at + 1);
      const std::size_t length = end == std::string_view::npos ? end : end - at - 1;
      classes[{kind, line.substr(at + 1, length)}] = current;
      at = end;
    }
  }
  return classes;
}

[[noreturn]] void Refuse(duckdb::optional_idx place, std::string_view name, std::string_view why) {
  throw duckdb::BinderException(duckdb::QueryErrorContext(place), fmt::format("{}() is refused: {}", name, why));
}

void CheckFunction(FunctionKind kind, const std::string& name, duckdb::optional_idx place) {
  const FunctionClass* known = ClassOf(kind, name);
  // An unknown name is a slip, of which the binder tells the nearest; should it be a function, the plan is refused.
  if (known != nullptr && !known->refusal.empty()) Refuse(place, name, known->refusal);
}

// store_rejects and its kind make tables.
void CheckArguments(const duckdb::FunctionExpression& call) {
  for (const auto& child : call.children) {
    std::string name = child->GetAlias();
    if (child->GetExpressionType() == duckdb::ExpressionType::COMPARE_EQUAL) {
      const auto& left = *child->Cast<duckdb::ComparisonExpression>().left;
      if (left.GetExpressionClass() == duckdb::ExpressionClass::COLUMN_REF) name = left.GetName();
    }
    if (ToLower(name).find("rejects") != std::string::npos) {
      throw duckdb::BinderException(*child, fmt::format("'{}' is refused: it makes tables", name));
    }
  }
}

void CheckTable(duckdb::TableRef& table, const AttachedCatalogs* catalogs) {
  if (table.type == duckdb::TableReferenceType::SHOW_REF && !table.Cast<duckdb::ShowRef>().query) {
    throw duckdb::BinderException(table, "SHOW has nothing to show here; GET /datasets lists what there is");
  }
  if (table.type == duckdb::TableReferenceType::BASE_TABLE) {
    const auto& base = table.Cast<duckdb::BaseTableRef>();
    if (IsLakeTable(base)) return;
    const std::string& first = base.catalog_name.empty() ? base.schema_name : base.catalog_name;
    if (!first.empty() && catalogs != nullptr && !catalogs->contains(ToLower(first))) {
      throw duckdb::BinderException(
          table, fmt::format("there is no catalog '{}', and a dataset has no schema; GET /datasets lists what there is",
                             first));
    }
  }
}

bool IsLake(const duckdb::FunctionExpression& call) {
  return call.schema.empty() && ToLower(call.function_name) == "lake";
}

// Of a plan, before it is optimized.
class PlanCheck final : public duckdb::LogicalOperatorVisitor {
 public:
  explicit PlanCheck(const StatementState& state) : state_(state) {}

  void VisitOperator(duckdb::LogicalOperator& op) override {
    using Type = duckdb::LogicalOperatorType;
    switch (op.type) {
      case Type::LOGICAL_GET: CheckScan(op.Cast<duckdb::LogicalGet>()); break;
      case Type::LOGICAL_INSERT:
      case Type::LOGICAL_DELETE:
      case Type::LOGICAL_UPDATE:
      case Type::LOGICAL_MERGE_INTO:
      case Type::LOGICAL_ALTER:
      case Type::LOGICAL_CREATE_TABLE:
      case Type::LOGICAL_ATTACH:
      case Type::LOGICAL_LOAD:
      case Type::LOGICAL_SET:
      case Type::LOGICAL_PRAGMA: throw duckdb::BinderException("a statement from outside may not write");
      default: break;
    }
    VisitOperatorExpressions(op);
    VisitOperatorChildren(op);
  }

  void VisitExpression(duckdb::unique_ptr<duckdb::Expression>* expression) override { Visit(**expression); }

 private:
  // Scans of attached catalogs are of the catalogs that the statement names, whatever a view of theirs says.
  void CheckScan(const duckdb::LogicalGet& get) {
    const std::string& name = get.function.name;
    const FunctionClass* known = ClassOf(FunctionKind::kTable, name);
    if (known == nullptr || known->name != "catalog") return Check(FunctionKind::kTable, name);
    const auto table = get.GetTable();
    if (!table && state_.reads_folders && (name == "iceberg_scan" || name == "delta_scan")) return;
    const std::string owner = table ? table->ParentCatalog().GetName() : std::string();
    for (const auto& [catalog, alias] : state_.aliases) {
      if (alias == owner) return;
    }
    Refuse({}, name, known->refusal);
  }

  static void Check(FunctionKind kind, const std::string& name) {
    const FunctionClass* known = ClassOf(kind, name);
    if (known == nullptr) Refuse({}, name, "it is not known to be harmless");
    if (!known->refusal.empty() && known->name != "internal") Refuse({}, name, known->refusal);
  }

  static void Visit(duckdb::Expression& expression) {
    if (expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_FUNCTION) {
      Check(FunctionKind::kValue, expression.Cast<duckdb::BoundFunctionExpression>().function.name);
    }
    if (expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_AGGREGATE) {
      Check(FunctionKind::kValue, expression.Cast<duckdb::BoundAggregateExpression>().function.name);
    }
    duckdb::ExpressionIterator::EnumerateChildren(expression, [](duckdb::Expression& child) { Visit(child); });
  }

  const StatementState& state_;
};

void CheckPlan(duckdb::OptimizerExtensionInput& input, duckdb::unique_ptr<duckdb::LogicalOperator>& plan) {
  const auto state = input.context.registered_state->Get<StatementState>(StatementState::kName);
  if (state && state->confined) PlanCheck(*state).VisitOperator(*plan);
}

}  // namespace

const FunctionClass* ClassOf(FunctionKind kind, std::string_view name) {
  static const Classes classes = ReadClasses();
  const std::string lower = ToLower(name);
  const auto found = classes.find({kind, lower});
  return found == classes.end() ? nullptr : &found->second;
}

void CheckSyntax(duckdb::QueryNode& node, const AttachedCatalogs* catalogs) {
  const duckdb::ParsedExpression* table_call = nullptr;
  SyntaxVisitor visitor;
  visitor.table = [&](duckdb::TableRef& table) {
    CheckTable(table, catalogs);
    if (table.type != duckdb::TableReferenceType::TABLE_FUNCTION) return;
    table_call = table.Cast<duckdb::TableFunctionRef>().function.get();
  };
  visitor.expression = [&](duckdb::unique_ptr<duckdb::ParsedExpression>& expression) {
    const auto kind = expression.get() == table_call ? FunctionKind::kTable : FunctionKind::kValue;
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::WINDOW) {
      const auto& call = expression->Cast<duckdb::WindowExpression>();
      CheckFunction(kind, call.function_name, call.GetQueryLocation());
    }
    if (expression->GetExpressionClass() != duckdb::ExpressionClass::FUNCTION) return;
    const auto& call = expression->Cast<duckdb::FunctionExpression>();
    if (kind == FunctionKind::kTable && IsLake(call)) return;
    CheckFunction(kind, call.function_name, call.GetQueryLocation());
    for (const std::string& owner : {call.catalog, call.schema}) {
      if (catalogs != nullptr && catalogs->contains(ToLower(owner))) {
        Refuse(call.GetQueryLocation(), owner + "." + call.function_name,
               "of an attached catalog tables are read alone");
      }
    }
    if (kind == FunctionKind::kTable) CheckArguments(call);
    if (call.export_state) throw duckdb::BinderException(call, "EXPORT_STATE is refused: it works on raw memory");
  };
  WalkSyntax(node, visitor);
}

bool IsChanging(duckdb::QueryNode& node) {
  bool changing = false;
  SyntaxVisitor visitor;
  visitor.node = [&](duckdb::QueryNode& query) {
    if (query.type == duckdb::QueryNodeType::SELECT_NODE && query.Cast<duckdb::SelectNode>().sample) changing = true;
  };
  visitor.table = [&](duckdb::TableRef& table) { changing |= table.sample != nullptr; };
  visitor.expression = [&](duckdb::unique_ptr<duckdb::ParsedExpression>& expression) {
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::COLUMN_REF) {
      // CURRENT_DATE and its kind look like columns until they are bound.
      const std::string name = ToLower(expression->GetName());
      changing |= name.starts_with("current_") || name.starts_with("localtime");
    }
    if (expression->GetExpressionClass() != duckdb::ExpressionClass::FUNCTION) return;
    const std::string& name = expression->Cast<duckdb::FunctionExpression>().function_name;
    const FunctionClass* known = ClassOf(FunctionKind::kValue, name);
    changing |= known != nullptr && known->name != "plain";
  };
  WalkSyntax(node, visitor);
  return changing;
}

void RegisterSandbox(duckdb::DBConfig& config) {
  duckdb::OptimizerExtension extension;
  extension.pre_optimize_function = CheckPlan;
  duckdb::OptimizerExtension::Register(config, std::move(extension));
}

}  // namespace eider
