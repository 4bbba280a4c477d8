// Answers that are written into the lake: POST /query with "into", and the downloads of their links.
#include <atomic>

#include "api/service_fixture.h"
#include "base/digest.h"
#include "engine/text_sink.h"

namespace eider {
namespace {

class ServiceResultsTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    Serve();
  }

  void Serve(const std::string& yaml = {}, bool results = true, std::uint64_t result_bytes = 0) {
    CatalogOptions catalog_options;
    catalog_options.config_yaml = yaml;
    service_.reset();
    catalog_ = *Catalog::Open(store_, *database_, catalog_options);
    ServiceOptions options;
    if (results) options.results = &store_;
    options.results_age = std::chrono::hours(24);
    options.result_bytes = result_bytes;
    options.wall_clock = [this] { return now_.load(); };
    service_ = std::make_unique<Service>(*catalog_, *database_, *productions_, options);
  }

  Answer Query(boost::json::object body, std::vector<Header> headers = {}) {
    headers.push_back({"Content-Type", "application/json"});
    return Ask("/query", std::move(headers), "POST", boost::json::serialize(body));
  }

  static std::string Url(const Answer& answer) {
    return std::string(boost::json::parse(answer.body).at("url").as_string());
  }

  std::vector<std::string> Written() {
    std::vector<std::string> keys;
    const auto page = store_.List({"_results/", true, {}, 1000});
    for (const ObjectInfo& object : page->objects) keys.push_back(object.key);
    return keys;
  }

  void Advance(std::chrono::milliseconds time) { now_ = now_.load() + time; }

  std::atomic<WallTime> now_ = *ParseRfc3339("2026-11-22T01:02:03Z");  // what removes results looks at it, too
};

TEST_F(ServiceResultsTest, TheAnswerIsALinkToTheRows) {
  const Answer answer = Query({{"sql", "SELECT id FROM birds ORDER BY id"}, {"into", "results/ids.csv"}});
  EXPECT_EQ(answer.head.status, 201) << answer.body;
  const auto said = boost::json::parse(answer.body).as_object();
  EXPECT_EQ(said.at("rows").as_int64(), 3);
  EXPECT_EQ(said.at("bytes").as_int64(), 13);
  EXPECT_EQ(said.at("format").as_string(), "csv");
  EXPECT_EQ(said.at("expires").as_string(), "2026-11-23T01:02:03.000Z");
  EXPECT_EQ(said.size(), 5u);
  EXPECT_EQ(answer.head.Find("Location"), Url(answer));
  ASSERT_EQ(Written().size(), 1u);
  const Answer rows = Ask(Url(answer));
  EXPECT_EQ(rows.head.status, 200);
  EXPECT_EQ(rows.body, "id\r\n1\r\n2\r\n3\r\n");
  EXPECT_TRUE(rows.head.Find("Content-Type").starts_with("text/csv"));
  EXPECT_EQ(rows.head.Find("Content-Disposition"), "attachment; filename=\"ids.csv\"");
  // A second one is another one.
  EXPECT_NE(Url(Query({{"sql", "SELECT id FROM birds ORDER BY id"}, {"into", "results/ids.csv"}})), Url(answer));
  const Answer parquet = Query({{"sql", "FROM birds"}, {"into", "results/b.parquet"}, {"metadata", true}});
  EXPECT_EQ(boost::json::parse(parquet.body).at("metadata").at("stats").at("rows").as_int64(), 3);
  EXPECT_EQ(Ask(Url(parquet)).body.substr(0, 4), "PAR1");
}

TEST_F(ServiceResultsTest, ALinkHasRangesAndAnETag) {
  const std::string url = Url(Query({{"sql", "SELECT id FROM birds ORDER BY id"}, {"into", "results/ids.csv"}}));
  const std::string etag(Ask(url).head.Find("ETag"));
  EXPECT_GT(etag.size(), 2u);
  EXPECT_EQ(Ask(url, {{"If-None-Match", etag}}).head.status, 304);
  const Answer part = Ask(url, {{"Range", "bytes=4-5"}});
  EXPECT_EQ(part.head.status, 206);
  EXPECT_EQ(part.head.Find("Content-Range"), "bytes 4-5/13");
  EXPECT_EQ(part.body, "1\r");
  EXPECT_EQ(Ask(url, {{"Range", "bytes=-3"}, {"If-Range", etag}}).body, "3\r\n");
  EXPECT_EQ(Ask(url, {{"Range", "bytes=-3"}, {"If-Range", "\"other\""}}).head.status, 200);
  const Answer beyond = Ask(url, {{"Range", "bytes=13-"}});
  EXPECT_EQ(beyond.head.status, 416);
  EXPECT_EQ(beyond.head.Find("Content-Range"), "bytes */13");
}

TEST_F(ServiceResultsTest, ALinkEnds) {
  const std::string url = Url(Query({{"sql", "SELECT 1 AS a"}, {"into", "results/a.json"}}));
  Advance(std::chrono::hours(24) - std::chrono::seconds(1));
  EXPECT_EQ(Ask(url).head.status, 200);
  Advance(std::chrono::seconds(1));
  const Answer ended = Ask(url);
  EXPECT_EQ(ended.head.status, 410);
  EXPECT_NE(Detail(ended).find("kept until 2026-11-23T01:02:03.000Z; ask again"), std::string::npos) << Detail(ended);
  Advance(-std::chrono::hours(1));
  ASSERT_TRUE(store_.Delete(Written().front()).ok());
  const Answer gone = Ask(url);
  EXPECT_EQ(gone.head.status, 404);
  EXPECT_NE(Detail(gone).find("ask again"), std::string::npos);
}

TEST_F(ServiceResultsTest, AQueryThatFailsLeavesNothing) {
  for (const char* sql : {"SELEC 1", "SELECT error('no') FROM birds",
                          "SELECT CASE WHEN r = 999999 THEN CAST('x' || r AS INT) END AS n FROM range(1000000) t(r)"}) {
    EXPECT_EQ(Query({{"sql", sql}, {"into", "results/a.csv"}}).head.status, 400) << sql;
  }
  Serve({}, true, /*result_bytes=*/1000);
  const Answer large = Query({{"sql", "FROM range(100000)"}, {"into", "results/a.csv"}});
  EXPECT_EQ(large.head.status, 413) << large.body;
  Serve("datasets: {birds: {max_rows: 2}}");
  EXPECT_EQ(Query({{"sql", "FROM birds"}, {"into", "results/a.csv"}}).head.status, 413);
  EXPECT_EQ(Query({{"sql", "FROM birds"}, {"into", "results/a.csv"}, {"dry_run", true}}).head.status, 200);
  EXPECT_TRUE(Written().empty());
  EXPECT_EQ(store_.Count(StoreOperation::kCommit), 0u);
  // What the store refuses is told.
  store_.OnRequest([](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kCommit) return {};
    return Error{ErrorKind::kDenied, "'_results/x' may not be written with these credentials", {}};
  });
  const Answer denied = Query({{"sql", "SELECT 1"}, {"into", "results/a.csv"}});
  EXPECT_EQ(denied.head.status, 502);
  EXPECT_NE(Detail(denied).find("may not be written"), std::string::npos);
}

TEST_F(ServiceResultsTest, WhatIsWrongIsSaid) {
  const auto refusal = [&](boost::json::object body) {
    const Answer answer = Query(std::move(body));
    EXPECT_EQ(answer.head.status, 400) << answer.body;
    return Detail(answer);
  };
  EXPECT_NE(refusal({{"sql", "SELECT 1"}, {"into", "flights/a.csv"}}).find("results/NAME.FORMAT"), std::string::npos);
  EXPECT_NE(refusal({{"sql", "SELECT 1"}, {"into", 7}}).find("is a text"), std::string::npos);
  EXPECT_NE(refusal({{"sql", "SELECT 1"}, {"into", "results/a.csv"}, {"format", "json"}}).find("another format"),
            std::string::npos);
  EXPECT_EQ(Query({{"sql", "SELECT 1"}, {"into", "results/a.csv"}, {"format", "csv"}}).head.status, 201);
  Serve({}, /*results=*/false);
  EXPECT_NE(refusal({{"sql", "SELECT 1"}, {"into", "results/a.csv"}}).find("--results"), std::string::npos);
  EXPECT_EQ(Written().size(), 1u);
  EXPECT_EQ(Ask("/results/" + Written().front().substr(9)).head.status, 404);
}

TEST_F(ServiceResultsTest, ResultsAreNoDataOfTheLake) {
  const std::string url = Url(Query({{"sql", "SELECT 'secret' AS a"}, {"into", "results/a.csv"}}));
  for (const char* path : {"/_results", "/_results.csv", "/results", "/results.csv", "/results/", "/results/a.csv"}) {
    EXPECT_EQ(Ask(path).head.status, 404) << path;
  }
  EXPECT_EQ(Ask("/datasets").body.find("results"), std::string::npos);
  for (const std::string& glob : {std::string("_results/*/*.csv"), std::string("_results/**"), Written().front()}) {
    const Answer answer = Query({{"sql", "FROM read_text('" + glob + "')"}});
    EXPECT_EQ(answer.head.status, 404);
    EXPECT_EQ(Detail(answer), "nothing in the lake matches '" + glob + "'");
  }
  EXPECT_EQ(Query({{"sql", "FROM lake('**/*.csv')"}}).head.status, 200);
  for (const char* tail : {"/../../birds.csv", "/%2e%2e/%2e%2e/birds.csv", "/..%2f..%2fbirds.csv", "/birds.csv"}) {
    EXPECT_EQ(Ask(url.substr(0, url.rfind('/')) + tail).head.status, 404) << tail;
  }
}

// A transport that has room for so much alone.
TEST_F(ServiceResultsTest, WhatHasNoRoomIsALink) {
  room_bytes_ = 1000;
  EXPECT_EQ(Ask("/birds.csv").head.status, 200);
  EXPECT_EQ(Query({{"sql", "FROM range(100)"}, {"format", "csv"}}).head.status, 200);
  EXPECT_TRUE(Written().empty());

  const Answer link = Query({{"sql", "FROM range(100000)"}, {"format", "csv"}});
  EXPECT_EQ(link.head.status, 303) << link.body;
  const auto said = boost::json::parse(link.body).as_object();
  EXPECT_EQ(said.at("rows").as_int64(), 100'000);
  EXPECT_EQ(said.at("format").as_string(), "csv");
  EXPECT_EQ(said.size(), 5u);
  EXPECT_EQ(link.head.Find("Location"), Url(link));
  EXPECT_TRUE(Url(link).ends_with("/query.csv"));

  // Its object has no room either, and this store no addresses of its own: it is fetched in parts.
  const Answer refused = Ask(Url(link));
  EXPECT_EQ(refused.head.status, 413);
  EXPECT_NE(Detail(refused).find("Range: bytes=0-500"), std::string::npos) << Detail(refused);
  EXPECT_EQ(Ask(Url(link), {{"Range", "bytes=0-6"}}).body, "range\r\n");
  room_bytes_ = kAnyRoom;
  const std::string whole = Ask(Url(link)).body;
  EXPECT_EQ(whole, Query({{"sql", "FROM range(100000)"}, {"format", "csv"}}).body);
  EXPECT_EQ(static_cast<std::int64_t>(whole.size()), said.at("bytes").as_int64());
}

TEST_F(ServiceResultsTest, NothingButALinkWillDo) {
  room_bytes_ = 0;
  const Answer link = Ask("/birds.geojson?name=eider");
  EXPECT_EQ(link.head.status, 406);  // as without: it has no points
  const Answer birds = Ask("/birds.json?name=eider");
  EXPECT_EQ(birds.head.status, 303) << birds.body;
  EXPECT_TRUE(Url(birds).ends_with("/birds.json"));
  const Answer page = Ask("/birds.csv?_limit=1");
  EXPECT_EQ(page.head.status, 303);
  EXPECT_NE(page.head.Find("Link").find("_after="), std::string::npos);
  EXPECT_EQ(Ask("/birds.csv", {}, "HEAD").head.status, 200);
  EXPECT_EQ(Ask("/birds.csv", {{"Range", "bytes=0-3"}}).head.status, 206);
  Serve({}, /*results=*/false);
  EXPECT_EQ(Ask("/birds.json").head.status, 200);
}

// The footers say that it is too long, so that nothing is produced twice.
TEST_F(ServiceResultsTest, ALongDownloadIsKnownByItsFooters) {
  TextSink parquet;
  Statement rows;
  rows.sql = "SELECT range AS id, md5(range::VARCHAR) AS m, range % 3 AS few FROM range(10000)";
  rows.format = Format::kParquet;
  ASSERT_TRUE(database_->Run(rows, parquet, {}).ok());
  ASSERT_TRUE(store_.Put("hashes.parquet", parquet.text).ok());
  const std::size_t bytes = Ask("/hashes.csv").body.size();

  room_bytes_ = bytes / 2;
  const auto before = database_->runs();
  EXPECT_EQ(Ask("/hashes.csv").head.status, 303);
  EXPECT_EQ(database_->runs() - before, 1u);
  room_bytes_ = bytes * 2;
  EXPECT_EQ(Ask("/hashes.csv").head.status, 200);
  // What a filter leaves of it, nobody knows before.
  room_bytes_ = bytes / 2;
  EXPECT_EQ(Ask("/hashes.csv?id__lt=4000").head.status, 200);
  EXPECT_EQ(Ask("/hashes.csv?id__gte=4000").head.status, 303);
  // Nor what a limit or a view does.
  EXPECT_EQ(Ask("/hashes.csv?_limit=10").head.status, 200);
  EXPECT_EQ(Ask("/hashes.csv?_count=1").head.status, 200);
  Serve("views: {few: 'SELECT few, count(*) AS n FROM hashes GROUP BY few'}");
  EXPECT_EQ(Ask("/few.csv").head.status, 200);
  EXPECT_EQ(Query({{"sql", "SELECT few, count(*) AS n, max(m) AS m FROM hashes GROUP BY few"}}).head.status, 200);
}

TEST_F(ServiceResultsTest, ALinkThatCannotBeWrittenIsAnErrorWithItsRemedy) {
  store_.OnRequest([](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kCommit) return {};
    return Error{ErrorKind::kDenied, "'_results/x' may not be written with these credentials", {}};
  });
  room_bytes_ = 0;
  const Answer denied = Ask("/birds.csv");
  EXPECT_EQ(denied.head.status, 502);
  EXPECT_NE(Detail(denied).find("EIDER_RESULTS_AT"), std::string::npos) << Detail(denied);
}

TEST_F(ServiceResultsTest, WhatAKeyHasAskedIsForThatKey) {
  Serve("auth: {keys: {alice: 'sha256:" + Sha256Hex("alices") + "', bob: 'sha256:" + Sha256Hex("bobs") + "'}}\n");
  const std::vector<Header> alice = {{"Authorization", "Bearer alices"}};
  const std::string hers = Url(Query({{"sql", "SELECT 1 AS a"}, {"into", "results/a.csv"}}, alice));
  EXPECT_EQ(Ask(hers, alice).head.status, 200);
  EXPECT_EQ(Ask(hers).head.status, 404);
  EXPECT_EQ(Ask(hers, {{"Authorization", "Bearer bobs"}}).head.status, 404);
  const std::string open = Url(Query({{"sql", "SELECT 1 AS a"}, {"into", "results/a.csv"}}));
  EXPECT_EQ(Ask(open).head.status, 200);
  EXPECT_EQ(Ask(open, alice).head.status, 200);
  // A key of hers stays hers in a link that someone has changed.
  std::string changed = hers;
  changed.replace(changed.find('-') + 1, 12, "open");
  EXPECT_EQ(Ask(changed).head.status, 404);
}

}  // namespace
}  // namespace eider
