// Model: a SELECT in models/, named after its file, and what it is built into.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/dependency_order.h"

namespace eider {

enum class Materialization : std::uint8_t {
  kView,         // nothing is written; whoever reads it runs its SQL
  kTable,        // a dataset "NAME/", replaced as a whole
  kIncremental,  // a dataset "NAME/", of which a build replaces some or to which it adds
  kExternal,     // one Parquet object
};

// dbt's word for it.
std::string_view MaterializationName(Materialization materialized);

struct ModelConfig {
  Materialization materialized = Materialization::kView;
  std::string location;                   // of kExternal: a key, "NAME.parquet" when the model does not say
  std::vector<std::string> partition_by;  // of kTable and kIncremental
  std::vector<std::string> unique_key;    // of kIncremental: rows of the same key replace what is there
};

// What must hold of a model's rows.
struct ModelTest {
  enum class Kind : std::uint8_t { kNotNull, kUnique, kAcceptedValues, kRelationships };
  Kind kind = Kind::kNotNull;
  std::string column;
  std::vector<std::string> values;  // kAcceptedValues: as text, compared as the column's type
  std::string to;                   // kRelationships: the model or dataset that holds them
  std::string field;                // and its column
};

struct Model {
  std::string name;
  std::string key;  // of its file: "models/taxi/trips.sql"
  std::string description;
  ModelConfig config;
  std::string sql;              // templates put in, x as lake."x"
  std::string incremental_sql;  // the same where is_incremental() is true
  bool reads_itself = false;    // incremental_sql does: {{ this }}
  std::set<std::string> reads;  // names of models, views and datasets, without itself
  std::vector<ModelTest> tests;
};

// A query in tests/ that must have no rows.
struct QueryTest {
  std::string name;
  std::string key;
  std::string sql;
  std::set<std::string> reads;
};

// All models of a lake; those that cannot be read, and those of rings, are errors and leave the others in peace.
struct Models {
  ReadsByName views;                               // of eider.yaml
  std::map<std::string, Result<Model>> models;     // by name
  std::map<std::string, Result<QueryTest>> tests;  // by name
  std::vector<Error> errors;                       // of files that are neither
};

}  // namespace eider
