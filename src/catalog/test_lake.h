// A lake in memory with a real database over it, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "catalog/catalog.h"
#include "engine/database_suite.h"
#include "engine/text_sink.h"
#include "object/memory_store.h"

namespace eider {

// For EXPECT_PRED2: the text holds the part.
inline bool Holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class TestLake : public DatabaseSuite {
 protected:
  void Put(const std::string& key, std::string_view bytes) {
    ASSERT_TRUE(store_.Put(key, std::span(bytes.data(), bytes.size())).ok()) << key;
  }

  // The rows of `sql` as a Parquet file.
  static std::string Parquet(const std::string& sql) {
    TextSink sink;
    Statement statement;
    statement.sql = sql;
    statement.format = Format::kParquet;
    EXPECT_TRUE(database().Run(statement, sink, {}).ok()) << sql;
    return sink.text;
  }
  void PutParquet(const std::string& key, const std::string& sql) { Put(key, Parquet(sql)); }

  Catalog& Open(CatalogOptions options = {}) {
    auto catalog = Catalog::Open(store_, database(), std::move(options));
    EXPECT_TRUE(catalog.ok()) << (catalog.ok() ? "" : catalog.error().message);
    catalog_ = *std::move(catalog);
    return *catalog_;
  }
  Catalog& OpenWith(const std::string& yaml) {
    CatalogOptions options;
    options.config_yaml = yaml;
    return Open(options);
  }
  Catalog& catalog() { return catalog_ ? *catalog_ : Open(); }

  std::string Names() {
    std::string names;
    const auto list = catalog().List();
    if (!list) return "error: " + list.error().message;
    for (const DatasetConfig& config : *list) names += (names.empty() ? "" : " ") + config.name;
    return names;
  }

  std::shared_ptr<const Dataset> Find(const std::string& name) {
    auto dataset = catalog().Find(name);
    EXPECT_TRUE(dataset.ok()) << name << ": " << (dataset.ok() ? "" : dataset.error().message);
    return dataset.ok() ? *dataset : std::make_shared<Dataset>();
  }

  Error Failure(const std::string& name) {
    auto dataset = catalog().Find(name);
    EXPECT_FALSE(dataset.ok()) << name;
    return dataset.ok() ? Error{} : dataset.error();
  }

  // "name TYPE, name TYPE"
  std::string Columns(const std::string& name) {
    std::string text;
    for (const Column& column : Find(name)->columns)
      text += (text.empty() ? "" : ", ") + column.name + " " + column.type;
    return text;
  }

  // "a|b;c|d", a null as "-".
  std::string Rows(const std::string& name, const std::string& select = "*") {
    const auto dataset = Find(name);
    Statement statement;
    statement.sql = "SELECT " + select + " FROM " + dataset->relation;
    statement.snapshot = dataset->snapshot;
    const auto table = database().Query(statement);
    if (!table) return "error: " + table.error().message;
    std::string text;
    for (const auto& row : table->rows) {
      if (!text.empty()) text += ';';
      for (std::size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : "|") + row[i].value_or("-");
    }
    return text;
  }

  MemoryStore store_;

 private:
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace eider
