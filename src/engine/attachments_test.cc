#include "engine/attachments.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/attach_sql.h"
#include "object/memory_store.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

bool Holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class AttachmentsTest : public testing::Test {
 protected:
  AttachmentsTest() : attachments_(Options()) { (void)store_.Put("shop.db", std::string_view("a database")); }

  DatabaseOptions Options() {
    DatabaseOptions options;
    options.threads = 1;
    options.spill_folder = folder_.path() / "spill";
    options.extension_folder = folder_.path();
    options.clock = [this] { return now_; };
    return options;
  }

  std::shared_ptr<AttachedCatalog> Sqlite(const std::string& name) {
    auto catalog = std::make_shared<AttachedCatalog>();
    catalog->name = name;
    catalog->path = name + ".db";
    catalog->store = &store_;
    return catalog;
  }

  // Why it cannot be attached.
  std::string Refusal(const std::shared_ptr<const AttachedCatalog>& catalog, bool operator_asks = true) {
    Statement statement;
    statement.catalogs.emplace(catalog->name, catalog);
    statement.quotable = true;
    statement.confined = !operator_asks;
    const auto attached = attachments_.Attach(statement);
    if (attached) return "attached";
    EXPECT_EQ(attached.error().kind, ErrorKind::kUnavailable);
    return attached.error().message;
  }

  TemporaryFolder folder_;
  MemoryStore store_{"memory://lake", /*remote=*/false};
  MemoryStore far_{"memory://far"};
  SteadyTime now_{std::chrono::hours(1)};
  Attachments attachments_;
};

TEST_F(AttachmentsTest, WhyIsForWhoRunsTheProgram) {
  EXPECT_PRED2(Holds, Refusal(Sqlite("shop")), "catalog 'shop' cannot be attached: it needs DuckDB's extension sqlite");
  EXPECT_PRED2(Holds, Refusal(Sqlite("gone")), "gone.db");
  EXPECT_EQ(Refusal(Sqlite("shop"), false),
            "catalog 'shop' cannot be attached; the log says why. What does not name it is answered");
}

TEST_F(AttachmentsTest, AFailureIsHeldForAWhile) {
  const std::string missing = Refusal(Sqlite("shop"));
  std::ofstream(folder_.path() / "sqlite_scanner.duckdb_extension") << "no extension";
  const std::size_t looked = store_.requests().size();
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(Refusal(Sqlite("shop")), missing);
  EXPECT_EQ(store_.requests().size(), looked) << "nor is the store asked";
  now_ += std::chrono::seconds(2);
  EXPECT_NE(Refusal(Sqlite("shop")), missing) << "now it is there, and is none";
  EXPECT_PRED2(Holds, Refusal(Sqlite("shop")), "catalog 'shop' cannot be attached");
}

TEST_F(AttachmentsTest, OnesTroubleIsNotAnothers) {
  (void)store_.Put("other.db", std::string_view("a database"));
  (void)Refusal(Sqlite("gone"));
  EXPECT_PRED2(Holds, Refusal(Sqlite("other")), "extension sqlite");
}

TEST_F(AttachmentsTest, WhatGoesAroundAStoreIsReadOnADiskAlone) {
  (void)far_.Put("shop.db", std::string_view("a database"));
  const auto catalog = Sqlite("shop");
  catalog->store = &far_;
  EXPECT_PRED2(Holds, Refusal(catalog), "files of SQLite are read where the lake is a folder on a disk");
  const auto tables = Sqlite("tables");
  tables->type = CatalogType::kDelta;
  tables->store = &far_;
  EXPECT_PRED2(Holds, Refusal(tables), "files of Delta are read where the lake is a folder on a disk");
}

AttachedCatalog Rest(std::map<std::string, std::string> login) {
  AttachedCatalog catalog;
  catalog.name = "ice";
  catalog.type = CatalogType::kIceberg;
  catalog.path = "warehouse";
  catalog.endpoint = "https://c.example.org";
  catalog.login = std::move(login);
  return catalog;
}

TEST(AttachSqlTest, ASecretIsDroppedAgain) {
  AttachedCatalog shop;
  shop.name = "shop";
  shop.type = CatalogType::kPostgres;
  shop.login = {{"HOST", "h"}, {"PASSWORD", "it's"}};
  for (const AttachedCatalog& catalog : {shop, Rest({{"PASSWORD", "it's"}})}) {
    const auto sql = AttachSql(catalog, "alias");
    ASSERT_EQ(sql.size(), 3u);
    EXPECT_PRED2(Holds, sql[0], "'it''s'");
    EXPECT_PRED2(Holds, sql[1], "READ_ONLY");
    EXPECT_FALSE(Holds(sql[1], "it''s")) << "what is attached is told by duckdb_databases()";
    EXPECT_TRUE(sql[2].starts_with("DROP SECRET")) << sql[2];
  }
}

TEST(AttachSqlTest, ALoginOfIcebergIsATokenOrWhatATokenIsAskedFor) {
  const auto token = AttachSql(Rest({{"PASSWORD", "t"}}), "ice");
  EXPECT_PRED2(Holds, token[0], "TOKEN 't'");
  const auto client = AttachSql(
      Rest({{"PASSWORD", "s"}, {"USER", "u"}, {"SCOPE", "catalog"}, {"TOKEN_ENDPOINT", "https://id/t"}}), "ice");
  EXPECT_PRED2(Holds, client[0], "CLIENT_ID 'u', CLIENT_SECRET 's'");
  EXPECT_PRED2(Holds, client[0], "OAUTH2_SCOPE 'catalog'");
  EXPECT_PRED2(Holds, client[0], "OAUTH2_SERVER_URI 'https://id/t'");
  EXPECT_FALSE(Holds(client[0], " TOKEN "));
  EXPECT_PRED2(Holds, AttachSql(Rest({{"PASSWORD", "s"}, {"USER", "u"}}), "ice")[0],
               "OAUTH2_SERVER_URI 'https://c.example.org/v1/oauth/tokens'");
  EXPECT_EQ(AttachSql(Rest({}), "ice").size(), 1u);
}

TEST(AttachSqlTest, AFolderIsNamedByNamesOfFolders) {
  MemoryStore store("memory://lake");
  AttachedCatalog catalog;
  catalog.name = "ice";
  catalog.type = CatalogType::kIceberg;
  catalog.path = "warehouse";
  catalog.store = &store;
  EXPECT_PRED2(Holds, *FolderRelation(catalog, "zoo", "bir'ds"), "'memory://lake/warehouse/zoo/bir''ds'");
  EXPECT_PRED2(Holds, *FolderRelation(catalog, "", "birds"), "'memory://lake/warehouse/birds'");
  for (const char* wrong : {"..", ".", "a/b", "a\\b", "*", "b?", "[ab]", "%2e%2e"}) {
    EXPECT_FALSE(FolderRelation(catalog, "zoo", wrong).ok()) << wrong;
    EXPECT_FALSE(FolderRelation(catalog, wrong, "birds").ok()) << wrong;
  }
}

}  // namespace
}  // namespace eider
