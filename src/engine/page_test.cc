// Pages of a SELECT joined are the SELECT: whatever orders it, and whatever its values are.
#include "base/page_token.h"
#include "engine/database_suite.h"
#include "engine/text_sink.h"

namespace eider {
namespace {

// NULLs, ties and values that are easily lost on their way through a text. (No -0.0, of which DuckDB's sort makes 0.0.)
constexpr const char* kRows = R"(
SELECT range AS id,
       CASE WHEN range % 7 = 0 THEN NULL ELSE (hash(range) % 5)::INTEGER END AS tie,
       CASE range % 11 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN 'inf'::DOUBLE WHEN 2 THEN '-inf'::DOUBLE
                       WHEN 3 THEN 5e-324::DOUBLE WHEN 4 THEN 0.0::DOUBLE WHEN 5 THEN NULL
                       WHEN 6 THEN 0.1::DOUBLE + 0.2::DOUBLE ELSE hash(range)::DOUBLE / 3e17 END AS real,
       (hash(range) % 1000)::FLOAT / 7 AS narrow,
       CASE WHEN range % 6 = 0 THEN NULL
            ELSE TIMESTAMP '1969-12-31 23:59:00' + to_microseconds((hash(range) % 9000000000)::BIGINT) END AS moment,
       TIMESTAMPTZ '2001-01-01 00:00:00+00' + to_microseconds((hash(range) % 9000000000)::BIGINT) AS zoned,
       DATE '2001-01-01' - (range % 20)::INTEGER AS day,
       CASE WHEN range % 5 = 0 THEN NULL WHEN range % 5 = 1 THEN ''
            ELSE 'it''s "' || chr((32 + hash(range) % 90)::INTEGER) || chr(10) || ',\ä' END AS word,
       (hash(range) % 100000)::DECIMAL(18, 3) / 8 AS price,
       (hash(range) % 2 = 0) AS yes,
       (hash(range)::HUGEINT * 1000000007) AS huge,
       ('00000000-0000-0000-0000-00000000000' || range % 10)::UUID AS uuid,
       ('\x00\xFF' || chr((65 + range % 9)::INTEGER))::BLOB AS bytes,
       to_days((range % 9)::INTEGER) + to_microseconds((range % 4)::BIGINT) AS lasted,
       ['low', 'high', 'mid'][range % 3 + 1]::ENUM('low', 'mid', 'high') AS level
FROM range(120))";

class PageTest : public DatabaseSuite {
 protected:
  struct Paged {
    std::string text;  // of all pages, with one header
    std::uint64_t pages = 0;
  };

  Result<RunSummary> Run(const std::string& sql, std::optional<Page> page, std::string& text,
                         Format format = Format::kCsv) {
    Statement statement;
    statement.sql = sql;
    statement.format = format;
    statement.page = std::move(page);
    TextSink sink;
    auto summary = database().Run(statement, sink, {});
    text = sink.text;
    return summary;
  }

  std::string Whole(const std::string& sql) {
    std::string text;
    const auto summary = Run(sql, {}, text);
    return summary ? text : summary.error().message;
  }

  Paged Pages(const std::string& sql, std::vector<std::string> key, std::uint64_t rows) {
    Paged paged;
    Page page{std::move(key), rows, {}, "series"};
    do {
      std::string text;
      const auto summary = Run(sql, page, text);
      if (!summary) return {summary.error().message, paged.pages};
      EXPECT_LE(summary->rows, rows);
      paged.text += paged.pages == 0 ? text : text.substr(text.find('\n') + 1);
      ++paged.pages;
      page.after = summary->next;
    } while (!page.after.empty());
    return paged;
  }

  std::string Refusal(const std::string& sql, std::vector<std::string> key, std::string after = {}) {
    std::string text;
    const auto summary = Run(sql, Page{std::move(key), 3, std::move(after), "series"}, text);
    if (summary) return "no refusal";
    EXPECT_EQ(summary.error().kind, ErrorKind::kInvalid);
    return summary.error().message;
  }
};

TEST_F(PageTest, PagesJoinedAreTheWhole) {
  const std::string rows(kRows);
  for (const char* order : {"tie", "tie DESC", "tie NULLS FIRST", "tie DESC NULLS FIRST", "real", "real DESC",
                            "real NULLS FIRST", "tie DESC, real", "tie NULLS FIRST, word DESC NULLS FIRST, real DESC",
                            "2 DESC, 3", "TIE, yes DESC", "day, yes"}) {
    const std::string whole = Whole(rows + " ORDER BY " + order + ", id");
    for (const std::uint64_t size : {7, 60}) {
      const Paged paged = Pages(rows + " ORDER BY " + order, {"id"}, size);
      EXPECT_EQ(paged.text, whole) << order << " in pages of " << size;
      EXPECT_EQ(paged.pages, (120 + size - 1) / size) << order;
    }
  }
  EXPECT_EQ(Pages(rows, {"id"}, 50).text, Whole(rows + " ORDER BY id"));
  EXPECT_EQ(Pages(rows + " ORDER BY ALL", {}, 50).text, Whole(rows + " ORDER BY ALL"));
  EXPECT_EQ(Pages(rows + " ORDER BY id DESC", {"id"}, 1000).pages, 1);
}

TEST_F(PageTest, EachTypeKeepsItsOrder) {
  const std::string rows(kRows);
  for (const char* column : {"tie", "real", "narrow", "moment", "zoned", "day", "word", "price", "yes", "huge", "uuid",
                             "bytes", "lasted", "level"}) {
    for (const char* direction : {"", " DESC", " NULLS FIRST", " DESC NULLS FIRST"}) {
      const std::string order = std::string(" ORDER BY ") + column + direction;
      EXPECT_EQ(Pages(rows + order, {"id"}, 17).text, Whole(rows + order + ", id")) << order;
    }
  }
}

TEST_F(PageTest, OfAnySelect) {
  for (const char* sql :
       {"SELECT range % 10 AS a, count(*) AS n FROM range(1000) GROUP BY a ORDER BY n DESC, a",
        "SELECT DISTINCT range % 30 AS a FROM range(1000) ORDER BY a DESC",
        "SELECT range AS a FROM range(20) UNION ALL SELECT range + 20 FROM range(20) ORDER BY a",
        "WITH t AS (SELECT range AS a FROM range(50)) SELECT a, a % 3 AS b FROM t WHERE a > 3 ORDER BY b, a",
        "SELECT upper(range::VARCHAR), range AS a FROM range(30) ORDER BY upper(range::VARCHAR), range",
        "SELECT t.range, t.range + 1 AS \"a b\" FROM range(30) t ORDER BY t.range",
        "SELECT a AS b, -a AS a FROM (SELECT range AS a FROM range(30)) ORDER BY a",
        "SELECT * FROM (SELECT range AS a FROM range(100) ORDER BY a LIMIT 25) ORDER BY a",
        "SELECT range AS a, row_number() OVER (ORDER BY range DESC) AS r FROM range(40) QUALIFY r > 5 ORDER BY r",
        "SELECT range AS a FROM range(0) ORDER BY a"}) {
    EXPECT_EQ(Pages(sql, {}, 7).text, Whole(sql)) << sql;
  }
  EXPECT_EQ(Pages("SELECT range AS a, -range AS a FROM range(9)", {}, 4).text.substr(0, 10), "pages need");
}

TEST_F(PageTest, InEveryFormat) {
  const std::string sql = "SELECT range AS a, 'x' || range AS b FROM range(5)";
  std::string text;
  auto summary = Run(sql, Page{{"a"}, 2, {}, "series"}, text, Format::kNdjson);
  EXPECT_EQ(text, "{\"a\":0,\"b\":\"x0\"}\n{\"a\":1,\"b\":\"x1\"}\n");
  ASSERT_TRUE(Run(sql, Page{{"a"}, 2, summary->next, "series"}, text, Format::kJson).ok());
  EXPECT_EQ(text, "[\n\t{\"a\":2,\"b\":\"x2\"},\n\t{\"a\":3,\"b\":\"x3\"}\n]\n");
  for (const Format format : {Format::kParquet, Format::kArrow, Format::kXlsx}) {
    summary = Run("SELECT range::HUGEINT AS a, range AS b FROM range(5)", Page{{"a"}, 2, {}, "series"}, text, format);
    ASSERT_TRUE(summary.ok()) << summary.error().message;
    EXPECT_EQ(summary->rows, 2u);
    EXPECT_FALSE(summary->next.empty());
  }
}

TEST_F(PageTest, WhoMayHaveFewerRowsHasSmallerPages) {
  Statement statement;
  statement.sql = "SELECT range AS a FROM range(5)";
  statement.limits.rows = 2;
  statement.page = Page{{"a"}, 4, {}, "series"};
  TextSink sink;
  const auto summary = database().Run(statement, sink, {});
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(sink.text, "a\r\n0\r\n1\r\n");
  EXPECT_FALSE(summary->next.empty());
}

TEST_F(PageTest, WhatHasNoPagesIsTold) {
  const auto has = [](const std::string& message, const char* words) {
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  has(Refusal("SELECT range AS a FROM range(9)", {}), "name the columns that tell rows apart in 'key'");
  has(Refusal("SELECT range AS a FROM range(9)", {"b"}), "'key' names 'b', of which the answer has none");
  has(Refusal("SELECT range AS a, 1 AS A FROM range(9)", {"a"}), "or several");
  has(Refusal("SELECT x FROM range(9) t(x) ORDER BY x % 2", {"x"}), "'(x % 2)' is none");
  has(Refusal("SELECT * FROM range(9) t(x) ORDER BY t.x", {}), "'t.x' is none");
  has(Refusal("SELECT range AS a FROM range(9) ORDER BY a LIMIT 5", {}), "has a LIMIT of its own");
  has(Refusal("SELECT range AS a FROM range(9) OFFSET 5", {"a"}), "has a LIMIT of its own");
  has(Refusal("SELECT range AS a FROM range(9) LIMIT 10%", {"a"}), "has a LIMIT of its own");
  has(Refusal("SELECT DISTINCT ON (range % 2) range AS a FROM range(9) ORDER BY a", {}),
      "has a DISTINCT ON of its own");
  has(Refusal("SELECT {'b': range} AS a FROM range(9)", {"a"}), "'a', which is a STRUCT");
  has(Refusal("SELECT repeat('x', 5000) || range AS a FROM range(9)", {"a"}), "longer than the 4096 bytes");
}

// Rows that are alike within a page are no matter; at its end one of them would be lost.
TEST_F(PageTest, RowsThatAreAlikeAtAPagesEndAreTold) {
  EXPECT_NE(Refusal("SELECT range // 2 AS a FROM range(9) ORDER BY a", {}).find("alike in 'a'"), std::string::npos);
  EXPECT_NE(Refusal("SELECT NULL::INTEGER AS a FROM range(9)", {"a"}).find("alike in 'a'"), std::string::npos);
  const std::string sql = "SELECT range // 3 AS a FROM range(9) ORDER BY a";
  EXPECT_EQ(Pages(sql, {}, 3).text, Whole(sql));
}

TEST_F(PageTest, ATokenOfAnotherSeriesIsRefused) {
  const std::string sql = "SELECT range AS a, range AS b FROM range(9)";
  std::string text;
  const auto first = Run(sql, Page{{"a"}, 3, {}, "series"}, text);
  ASSERT_TRUE(first.ok());
  for (const std::string& token :
       {std::string("x"), first->next.substr(1), first->next.substr(0, first->next.size() - 3),
        MakePageToken("other", {"2"}), MakePageToken("series", {"2", "2"}), MakePageToken("series", {"'; DROP"})}) {
    EXPECT_NE(Refusal(sql, {"a"}, token).find("begin again without 'after'"), std::string::npos) << token;
  }
}

}  // namespace
}  // namespace eider
