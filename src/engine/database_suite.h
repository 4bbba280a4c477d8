// For tests: one database for the tests of a suite, since it takes longer to start than most of them to run. It ends
// with them, and not with the process: by then DuckDB has taken down what it needs for that.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "engine/database.h"

namespace eider {

class DatabaseSuite : public testing::Test {
 public:
  static void SetUpTestSuite() {
    DatabaseOptions options;
    options.threads = 2;
    Opened() = *Database::Open(options);
  }
  static void TearDownTestSuite() { Opened().reset(); }

 protected:
  static Database& database() { return *Opened(); }

 private:
  static std::unique_ptr<Database>& Opened() {
    static std::unique_ptr<Database> database;
    return database;
  }
};

}  // namespace eider
