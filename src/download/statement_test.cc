#include "download/statement.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "catalog/catalog.h"
#include "download/dry_run.h"
#include "engine/text_sink.h"
#include "object/memory_store.h"

namespace eider {
namespace {

// The same rows as a folder of two Parquet files ("p") and as a CSV ("c"): duplicates and NULLs in the sort columns.
class StatementTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string rows =
        "SELECT range AS id, CASE WHEN range % 5 = 0 THEN NULL ELSE range % 3 END AS grp, 'n' || (range % 4) AS name "
        "FROM ";
    Put("p/a.parquet", rows + "range(0, 20)", Format::kParquet);
    Put("p/b.parquet", rows + "range(20, 40)", Format::kParquet);
    Put("c.csv", rows + "range(0, 40)", Format::kCsv);
    catalog_ = *Catalog::Open(store_, *database_, {});
  }

  void Put(const std::string& key, const std::string& sql, Format format) {
    TextSink sink;
    Statement statement;
    statement.sql = sql;
    statement.format = format;
    ASSERT_TRUE(database_->Run(statement, sink, {}).ok());
    ASSERT_TRUE(store_.Put(key, sink.text).ok());
  }

  std::shared_ptr<const Dataset> Find(const std::string& name) {
    auto dataset = catalog_->Find(name);
    EXPECT_TRUE(dataset.ok()) << (dataset.ok() ? "" : dataset.error().message);
    return *dataset;
  }

  DownloadRequest Parse(const Dataset& dataset, const std::string& query) {
    auto request = ParseDownload(dataset, Format::kCsv, *ParseQueryString(query), *database_);
    EXPECT_TRUE(request.ok()) << (request.ok() ? "" : request.error().message);
    return *request;
  }

  // The rows as CSV, and the token of the next page.
  struct Page {
    std::string rows;
    std::string next;
  };
  Page Fetch(const std::string& name, const std::string& query) {
    const auto dataset = Find(name);
    const auto request = Parse(*dataset, query);
    TextSink sink;
    auto statement = MakeDownload(*dataset, request);
    EXPECT_TRUE(statement.ok()) << (statement.ok() ? "" : statement.error().message);
    const auto summary = database_->Run(*statement, sink, {});
    EXPECT_TRUE(summary.ok()) << (summary.ok() ? "" : summary.error().message);
    Page page{sink.text.substr(sink.text.find('\n') + 1), {}};
    const auto end = MakePageEnd(*dataset, request);
    if (end.ok() && *end) {
      const auto table = database_->Query(**end);
      EXPECT_TRUE(table.ok()) << (table.ok() ? "" : table.error().message);
      page.next = PageToken(*dataset, request, *table);
    }
    return page;
  }

  std::string AllPages(const std::string& name, const std::string& query, int limit) {
    std::string rows;
    std::string after;
    for (int pages = 0; pages < 100; ++pages) {
      const Page page = Fetch(name, query + "&_limit=" + std::to_string(limit) + after);
      rows += page.rows;
      if (page.next.empty()) return rows;
      after = "&_after=" + page.next;
    }
    ADD_FAILURE() << "the pages do not end";
    return rows;
  }

  MemoryStore store_;
  std::unique_ptr<Database> database_ = *Database::Open({});
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(StatementTest, Filters) {
  for (const std::string name : {"p", "c"}) {
    EXPECT_EQ(Fetch(name, "id__lt=3&_columns=id").rows, "0\r\n1\r\n2\r\n");
    EXPECT_EQ(Fetch(name, "id=7&id=5&_columns=id").rows, "5\r\n7\r\n");
    EXPECT_EQ(Fetch(name, "id__in=7,5,39&name__ne=n3&_columns=id").rows, "5\r\n");
    EXPECT_EQ(Fetch(name, "id__between=10,12&_columns=id,grp").rows, "10,\r\n11,2\r\n12,0\r\n");
    EXPECT_EQ(Fetch(name, "grp__isnull=1&id__lte=5&_columns=id").rows, "0\r\n5\r\n");
    EXPECT_EQ(Fetch(name, "name__contains=3&id__lt=8&_columns=id").rows, "3\r\n7\r\n");
    EXPECT_EQ(Fetch(name, "name__like=n%25&name__startswith=n&name__endswith=1&id__lt=6&_columns=id").rows,
              "1\r\n5\r\n");
    EXPECT_EQ(Fetch(name, "name=x%27+OR+1%3D1").rows, "");
    EXPECT_EQ(Fetch(name, "grp__gte=1&_count=1").rows, "21\r\n");
    EXPECT_EQ(Fetch(name, "id__notin=0,1&_limit=1&_columns=id").rows, "2\r\n");
  }
}

TEST_F(StatementTest, TiesStayInSourceOrder) {
  for (const std::string name : {"p", "c"}) {
    EXPECT_EQ(Fetch(name, "_sort=-grp&_limit=5&_columns=id,grp").rows, "2,2\r\n8,2\r\n11,2\r\n14,2\r\n17,2\r\n");
    EXPECT_EQ(Fetch(name, "_sort=name,-id&_limit=3&_columns=id,name").rows, "36,n0\r\n32,n0\r\n28,n0\r\n");
  }
}

TEST_F(StatementTest, PagesJoinToTheWhole) {
  for (const std::string name : {"p", "c"}) {
    for (const std::string query : {"", "_sort=grp", "_sort=-grp,name", "_sort=name&id__gte=7", "grp__isnull=1"}) {
      for (const int limit : {1, 7, 40, 100}) {
        EXPECT_EQ(AllPages(name, query, limit), Fetch(name, query).rows) << name << " " << query << " " << limit;
      }
    }
  }
}

TEST_F(StatementTest, TheLastPageHasNoNext) {
  EXPECT_EQ(Fetch("p", "_limit=40").next, "");
  EXPECT_NE(Fetch("p", "_limit=39").next, "");
  EXPECT_EQ(Fetch("p", "_limit=0").next, "");
}

TEST_F(StatementTest, ATokenBelongsToOneRequestAndOneStateOfTheData) {
  const std::string token = Fetch("p", "_sort=grp&_limit=5").next;
  const auto dataset = Find("p");
  for (const std::string& query : {"_sort=name&_limit=5&_after=" + token, "_sort=grp&id=1&_after=" + token,
                                   std::string("_after=nonsense"), "_after=" + token.substr(0, token.size() - 4)}) {
    const auto statement = MakeDownload(*dataset, Parse(*dataset, query));
    ASSERT_FALSE(statement.ok()) << query;
    EXPECT_EQ(statement.error().parameter, "_after");
  }
  EXPECT_TRUE(MakeDownload(*dataset, Parse(*dataset, "_sort=grp&_limit=9&_after=" + token)).ok());
  Put("p/c.parquet", "SELECT 1::BIGINT AS id, 1::BIGINT AS grp, 'x' AS name", Format::kParquet);
  catalog_->Refresh();
  EXPECT_FALSE(MakeDownload(*Find("p"), Parse(*dataset, "_sort=grp&_after=" + token)).ok());
}

TEST_F(StatementTest, ARowCapCutsWhatIsAsked) {
  Dataset capped = *Find("p");
  capped.config.max_rows = 3;
  TextSink sink;
  ASSERT_TRUE(database_->Run(*MakeDownload(capped, Parse(capped, "_limit=10&_columns=id")), sink, {}).ok());
  EXPECT_EQ(sink.text, "id\r\n0\r\n1\r\n2\r\n");
}

TEST_F(StatementTest, ADryRunCountsRowGroups) {
  const auto dataset = Find("p");
  const auto text = DryRun(*dataset, Parse(*dataset, "id__gte=30"), *database_, {});
  ASSERT_TRUE(text.ok()) << text.error().message;
  const auto json = boost::json::parse(*text).as_object();
  EXPECT_EQ(json.at("objects").as_int64(), 2);
  EXPECT_EQ(json.at("row_groups").as_int64(), 2);
  EXPECT_EQ(json.at("row_groups_kept").as_int64(), 1);
  EXPECT_EQ(json.at("rows_at_most").as_int64(), 20);
  EXPECT_GT(json.at("bytes").as_int64(), 0);
  Put("h/part=a/x.parquet", "SELECT range AS id FROM range(10)", Format::kParquet);
  Put("h/part=b%20c/x.parquet", "SELECT range AS id FROM range(10)", Format::kParquet);
  const auto hive = Find("h");
  for (const auto& [query, kept] : {std::pair("part=a", 1), {"part=b+c", 1}, {"part=z", 0}, {"part__gte=a", 2}}) {
    const auto cost = DryRun(*hive, Parse(*hive, query), *database_, {});
    ASSERT_TRUE(cost.ok()) << cost.error().message;
    EXPECT_EQ(boost::json::parse(*cost).at("row_groups_kept").as_int64(), kept) << query;
  }
  const auto none =
      boost::json::parse(*DryRun(*dataset, Parse(*dataset, "id=1000&name=zz"), *database_, {})).as_object();
  EXPECT_EQ(none.at("row_groups_kept").as_int64(), 0);
}

}  // namespace
}  // namespace eider
