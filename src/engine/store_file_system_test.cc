#include "engine/store_file_system.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "duckdb/main/client_context_file_opener.hpp"
#include "engine/statement_state.h"
#include "object/memory_store.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

const auto kRead = duckdb::FileFlags::FILE_FLAGS_READ;
const auto kReadOrNull = kRead | duckdb::FileFlags::FILE_FLAGS_NULL_IF_NOT_EXISTS;

class StoreFileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* key :
         {"ice/a/1.parquet", "ice/a/*.parquet", "dlt/b/2.parquet", "app.db", "app.db.bak", "icebox/x"}) {
      ASSERT_TRUE(store_.Put(key, std::string_view("bytes of a file")).ok());
    }
    for (const auto& [name, type, path] :
         {std::tuple("Ice", CatalogType::kIceberg, "ice"), std::tuple("dlt", CatalogType::kDelta, "dlt"),
          std::tuple("app", CatalogType::kSqlite, "app.db")}) {
      AttachedCatalog catalog;
      catalog.name = name;
      catalog.type = type;
      catalog.path = path;
      catalog.store = &store_;
      files_.Allow(catalog);
    }
  }

  // As a statement that names these catalogs.
  duckdb::FileOpener& StatementOf(std::set<std::string> catalogs) {
    auto state = duckdb::make_shared_ptr<StatementState>();
    state->catalogs = std::move(catalogs);
    connection_ = std::make_unique<duckdb::Connection>(instance_);
    connection_->context->registered_state->Insert(StatementState::kName, state);
    opener_ = std::make_unique<duckdb::ClientContextFileOpener>(*connection_->context);
    return *opener_;
  }

  static std::string Name(const std::string& key) { return "memory://test/" + key; }
  bool Opens(const std::string& path, duckdb::FileOpener* opener = nullptr) {
    return files_.OpenFile(path, kReadOrNull, opener) != nullptr;
  }

  MemoryStore store_;
  StoreFileSystem files_;
  duckdb::DuckDB instance_{nullptr};
  std::unique_ptr<duckdb::Connection> connection_;
  std::unique_ptr<duckdb::FileOpener> opener_;
};

TEST_F(StoreFileSystemTest, OpensWhatItsCatalogsAreMadeOf) {
  for (const char* key : {"ice/a/1.parquet", "dlt/b/2.parquet", "app.db"}) {
    EXPECT_TRUE(files_.CanHandleFile(Name(key)));
    const auto handle = files_.OpenFile(Name(key), kRead, nullptr);
    EXPECT_EQ(handle->GetFileSize(), 15u);
    char bytes[5];
    handle->Read(bytes, 5, 10);
    EXPECT_EQ(std::string_view(bytes, 5), " file");
  }
  for (const char* key : {"app.db.bak", "icebox/x", "ice/../app.db.bak", "ice", ""}) {
    EXPECT_FALSE(Opens(Name(key))) << key;
    EXPECT_FALSE(files_.FileExists(Name(key), nullptr)) << key;
  }
  EXPECT_THROW(files_.OpenFile(Name("app.db.bak"), kRead, nullptr), duckdb::PermissionException);
}

TEST_F(StoreFileSystemTest, AStatementReachesTheCatalogsThatItNames) {
  auto& opener = StatementOf({"ice"});
  EXPECT_TRUE(Opens(Name("ice/a/1.parquet"), &opener));
  EXPECT_TRUE(files_.DirectoryExists(Name("ice/a"), &opener));
  EXPECT_FALSE(Opens(Name("dlt/b/2.parquet"), &opener));
  EXPECT_FALSE(files_.FileExists(Name("dlt/b/2.parquet"), &opener));
  EXPECT_FALSE(files_.DirectoryExists(Name("dlt/b"), &opener));
  EXPECT_TRUE(files_.Glob(Name("app.db"), &opener).empty());
  EXPECT_THROW(files_.OpenFile(Name("app.db"), kRead, &opener), duckdb::PermissionException);
  auto& both = StatementOf({"ice", "dlt"});
  EXPECT_TRUE(Opens(Name("ice/a/1.parquet"), &both) && Opens(Name("dlt/b/2.parquet"), &both));
}

TEST_F(StoreFileSystemTest, NothingIsWritten) {
  EXPECT_THROW(files_.OpenFile(Name("ice/new"), duckdb::FileFlags::FILE_FLAGS_WRITE, nullptr),
               duckdb::PermissionException);
}

TEST_F(StoreFileSystemTest, ANameIsNoPattern) {
  EXPECT_EQ(files_.Glob(Name("ice/a/*.parquet"), nullptr).size(), 1u);
  EXPECT_EQ(files_.Glob(Name("ice/*/1.parquet"), nullptr).size(), 0u);
}

TEST_F(StoreFileSystemTest, WhatIsOpenIsOfOneState) {
  const auto handle = files_.OpenFile(Name("app.db"), kRead, nullptr);
  ASSERT_TRUE(store_.Put("app.db", std::string_view("other bytes now")).ok());
  char bytes[5];
  EXPECT_THROW(handle->Read(bytes, 5, 0), duckdb::IOException);
  EXPECT_NE(files_.GetVersionTag(*handle), files_.GetVersionTag(*files_.OpenFile(Name("app.db"), kRead, nullptr)));
}

TEST_F(StoreFileSystemTest, AStoreThatFailsIsNoMissingFile) {
  store_.OnRequest([](const StoreRequest&) { return Status(Error{ErrorKind::kUnavailable, "the store is down", {}}); });
  EXPECT_THROW(Opens(Name("app.db")), duckdb::IOException);
  EXPECT_THROW(files_.FileExists(Name("app.db"), nullptr), duckdb::IOException);
}

TEST(ClosedFileSystemTest, OpensItsOwnFoldersAndNothingBesides) {
  const TemporaryFolder folder;
  for (const char* name : {"spill", "spill-of-others"}) {
    std::filesystem::create_directory(folder.path() / name);
    std::ofstream(folder.path() / name / "x") << "bytes";
  }
  ClosedFileSystem files({folder.path().string() + "/spill", ""});
  const auto opens = [&](const std::string& path) {
    return files.OpenFile(folder.path().string() + path, kReadOrNull, nullptr) != nullptr;
  };
  EXPECT_TRUE(opens("/spill/x"));
  EXPECT_FALSE(opens("/spill-of-others/x"));
  EXPECT_FALSE(opens("/spill/../spill-of-others/x"));
  EXPECT_FALSE(files.FileExists("/etc/passwd", nullptr));
  EXPECT_FALSE(files.DirectoryExists("/etc", nullptr));
  EXPECT_TRUE(files.Glob("/etc/*", nullptr).empty());
  EXPECT_THROW(files.OpenFile("/etc/passwd", kRead, nullptr), duckdb::PermissionException);
}

}  // namespace
}  // namespace eider
