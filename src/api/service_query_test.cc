// SQL through the service: POST /query, DELETE /query/ID and invocations.
#include <atomic>
#include <stop_token>
#include <thread>

#include "api/service_fixture.h"
#include "base/digest.h"

namespace eider {
namespace {

class ServiceQueryTest : public ServiceTest {
 protected:
  Answer Query(const std::string& body, std::vector<Header> headers = {}) {
    headers.push_back({"Content-Type", "application/json"});
    return Ask("/query", std::move(headers), "POST", body);
  }
  Answer Sql(const std::string& sql, std::vector<Header> headers = {}) {
    return Query(boost::json::serialize(boost::json::object{{"sql", sql}, {"format", "csv"}}), std::move(headers));
  }
  Answer Invoke(const std::string& payload) {
    return Ask("/2015-03-31/functions/eider/invocations", {}, "POST", payload);
  }
  void OpenWith(const std::string& yaml) {
    CatalogOptions options;
    options.config_yaml = yaml;
    service_.reset();
    catalog_ = *Catalog::Open(store_, *database_, options);
    service_ = std::make_unique<Service>(*catalog_, *database_, *productions_, ServiceOptions{});
  }
};

TEST_F(ServiceQueryTest, RowsInTheFormatThatIsAsked) {
  EXPECT_EQ(Query(R"({"sql":"SELECT id FROM birds ORDER BY id","limit":2})").body,
            "[\n\t{\"id\":1},\n\t{\"id\":2}\n]\n");
  EXPECT_EQ(Query(R"({"sql":"SELECT id FROM birds WHERE id = 1"})", {{"Accept", "text/csv"}}).body, "id\r\n1\r\n");
  const Answer answer = Query(R"({"sql":"FROM birds","format":"parquet"})");
  EXPECT_EQ(answer.head.Find("Content-Type"), "application/vnd.apache.parquet");
  EXPECT_EQ(answer.body.substr(0, 4), "PAR1");
}

// A cancelled query ends some milliseconds later, in a thread that must still find who waits for it.
TEST_F(ServiceQueryTest, EndsNotBeforeWhatItOwesIsAnswered) {
  std::stop_source client;
  std::atomic<int> replies{0};
  Request request;
  request.method = "POST";
  request.path = "/query";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"json({"sql":"SELECT sum(i * j) FROM range(10000000) a(i), range(10000000) b(j)"})json";
  request.client_left = client.get_token();
  service_->Handle(std::move(request), [&](Response) { ++replies; });
  while (productions_->counters().running == 0) std::this_thread::yield();
  client.request_stop();
  service_.reset();
  EXPECT_EQ(replies, 1);
}

TEST_F(ServiceQueryTest, ValuesAreNothingButValues) {
  const std::string sql = R"("sql":"SELECT id FROM birds WHERE name = $1 OR id = $2","format":"csv")";
  EXPECT_EQ(Query("{" + sql + R"(,"params":["eider",3]})").body, "id\r\n1\r\n3\r\n");
  EXPECT_EQ(Query("{" + sql + R"(,"params":["' OR 1=1 --",null]})").body, "id\r\n");
  EXPECT_EQ(Query(R"({"sql":"SELECT $a AS a, $b AS b","params":{"a":1,"b":"x"},"format":"csv"})").body,
            "a,b\r\n1,x\r\n");
  EXPECT_EQ(Query(R"({"sql":"SELECT ? AS a, ? AS b","params":[1,2],"format":"csv"})").body, "a,b\r\n1,2\r\n");
  EXPECT_NE(Detail(Query(R"({"sql":"SELECT $1 + $2","params":[1]})")).find("no value is given for $2"),
            std::string::npos);
  EXPECT_NE(Detail(Query(R"({"sql":"SELECT 1","params":[1]})")).find("does not name"), std::string::npos);
}

TEST_F(ServiceQueryTest, AStreamIsFramedUnlessItsPayloadIsAccepted) {
  const auto stream = [this](const std::string& payload, std::vector<Header> headers) {
    return Ask("/2021-11-15/functions/eider/response-streaming-invocations", std::move(headers), "POST", payload);
  };
  const std::string question = R"({"q":"SELECT id FROM birds ORDER BY id","limit":2})";
  const Answer framed = stream(question, {});
  EXPECT_EQ(framed.head.Find("Content-Type"), "application/vnd.amazon.eventstream");
  EXPECT_NE(framed.body.find("InvokeComplete"), std::string::npos);
  const Answer bare = stream(question, {{"Accept", "application/json"}});
  EXPECT_EQ(bare.head.Find("Content-Type"), "application/json");
  const auto payload = boost::json::parse(bare.body);
  EXPECT_EQ(payload.at("data").at("records"), boost::json::parse(R"([{"id":1},{"id":2}])"));
  EXPECT_EQ(payload.at("metadata").at("query"), "SELECT id FROM birds ORDER BY id");
  const Answer wrong = stream(R"({"q":"FROM brids"})", {{"Accept", "application/json"}});
  EXPECT_EQ(wrong.head.Find("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(boost::json::parse(wrong.body).at("errorType"), "NotFound");
  EXPECT_EQ(boost::json::parse(stream("{}", {{"Accept", "application/json"}}).body).at("data").at("records"),
            boost::json::array());
}

TEST_F(ServiceQueryTest, EqualQuestionsShareOneRunUntilTheLakeChanges) {
  EXPECT_EQ(Sql("SELECT sum(id) AS s FROM birds").head.Find("X-Cache"), "miss");
  const Answer hit = Sql("SELECT sum(id) AS s FROM birds");
  EXPECT_EQ(hit.head.Find("X-Cache"), "hit");
  EXPECT_EQ(hit.body, "s\r\n6\r\n");
  EXPECT_EQ(Query(R"({"sql":"SELECT sum(id) AS s FROM birds"})").head.Find("X-Cache"), "miss");
  ASSERT_TRUE(store_.Put("birds.csv", std::string_view("id,name\n4,scoter\n")).ok());
  const Answer fresh = Sql("SELECT sum(id) AS s FROM birds");
  EXPECT_EQ(fresh.head.Find("X-Cache"), "miss");
  EXPECT_EQ(fresh.body, "s\r\n4\r\n");
}

TEST_F(ServiceQueryTest, WhatChangesIsNotKept) {
  for (const char* sql : {"SELECT random()", "SELECT now()", "SELECT CURRENT_TIMESTAMP", "SELECT current_date",
                          "SELECT uuid()", "FROM birds USING SAMPLE 1", "FROM birds TABLESAMPLE 50%"}) {
    EXPECT_EQ(Sql(sql).head.Find("X-Cache"), "miss") << sql;
    EXPECT_EQ(Sql(sql).head.Find("X-Cache"), "miss") << sql;
  }
  EXPECT_NE(Sql("SELECT random() AS r").body, Sql("SELECT random() AS r").body);
}

TEST_F(ServiceQueryTest, WrongSqlIsToldWhere) {
  const std::string missing = Detail(Sql("SELECT id,\n  nme FROM birds"));
  EXPECT_TRUE(missing.starts_with("line 2, column 3: ")) << missing;
  EXPECT_NE(missing.find("name"), std::string::npos) << missing;
  EXPECT_TRUE(missing.ends_with("\n    nme FROM birds\n    ^")) << missing;
  const Answer unknown = Sql("SELECT * FROM brids");
  EXPECT_EQ(unknown.head.status, 404);
  EXPECT_TRUE(Detail(unknown).starts_with("line 1, column 15: no dataset 'brids'")) << Detail(unknown);
  EXPECT_NE(Detail(unknown).find("Did you mean 'birds'?"), std::string::npos);
  EXPECT_NE(Detail(Sql("SELECT 1; SELECT 2")).find("here are 2 statements"), std::string::npos);
  EXPECT_NE(Detail(Sql("DROP TABLE birds")).find("exactly one SELECT"), std::string::npos);
  EXPECT_EQ(Sql("SELEC 1").head.status, 400);
  EXPECT_EQ(Ask("/query", {{"Content-Type", "text/plain"}}, "POST", "{}").head.status, 415);
  EXPECT_EQ(Ask("/birds.csv", {}, "POST").head.status, 405);
}

TEST_F(ServiceQueryTest, AKeyIsNeededForWhatIsNotPublic) {
  OpenWith("datasets: {birds: {access: key}}\nauth: {keys: {alice: 'sha256:" + Sha256Hex("alices") + "'}}\n");
  const std::vector<Header> alice = {{"Authorization", "Bearer alices"}};
  EXPECT_EQ(Sql("SELECT count(*) AS n FROM birds").head.status, 401);
  EXPECT_EQ(Sql("SELECT count(*) AS n FROM birds", alice).body, "n\r\n3\r\n");
  // Who has no key learns nothing from what was kept for who has one.
  EXPECT_EQ(Sql("SELECT count(*) AS n FROM birds").head.status, 401);
  for (const char* sql :
       {"FROM lake('birds.csv')", "FROM 'birds.csv'", "FROM read_csv('birds.csv')", "FROM read_text(['birds.csv'])",
        "FROM glob('*')", "SELECT (SELECT count(*) FROM 'birds.csv')", "WITH a AS (FROM lake('*.csv')) FROM a",
        "FROM (DESCRIBE FROM 'birds.csv')"}) {
    EXPECT_EQ(Sql(sql).head.status, 400) << sql;
    EXPECT_NE(Detail(Sql(sql)).find("a path would go around"), std::string::npos) << sql;
    EXPECT_EQ(Sql(sql, alice).head.status, 200) << sql;
  }
  EXPECT_EQ(Sql("WITH birds AS (SELECT 1 AS a) FROM birds").head.status, 401);
}

TEST_F(ServiceQueryTest, WhatADatasetWithholdsIsNotReachedByPath) {
  OpenWith("datasets: {birds: {columns: [id]}}\n");
  EXPECT_EQ(Sql("FROM birds ORDER BY id LIMIT 1").body, "id\r\n1\r\n");
  EXPECT_EQ(Sql("SELECT name FROM birds").head.status, 400);
  EXPECT_NE(Detail(Sql("FROM lake('birds.csv')")).find("a path would go around"), std::string::npos);
  OpenWith("datasets: {birds: {max_rows: 2}}\n");
  EXPECT_EQ(Sql("SELECT count(*) AS n FROM birds").body, "n\r\n3\r\n");
  EXPECT_EQ(Sql("FROM birds LIMIT 2").head.status, 200);
  EXPECT_NE(Sql("FROM birds").body.find("more than the 2 rows"), std::string::npos);
}

TEST_F(ServiceQueryTest, HiddenKeysAndOtherFilesAreNoData) {
  ASSERT_TRUE(store_.Put("_private/x.csv", std::string_view("a\n1\n")).ok());
  ASSERT_TRUE(store_.Put("notes.txt", std::string_view("hello\n")).ok());
  EXPECT_EQ(Sql("SELECT size FROM read_text('birds.csv')").head.status, 200);
  EXPECT_EQ(Sql("SELECT count(*) AS n FROM read_csv(['birds.csv'], header = true)").body, "n\r\n3\r\n");
  for (const char* sql : {"FROM lake('_private/x.csv')", "FROM read_text('_private/*')", "FROM '_private/x.csv'",
                          "FROM read_text('notes.txt')"}) {
    EXPECT_EQ(Sql(sql).head.status, 404) << sql << Sql(sql).body;
  }
  // Nothing tells whether a hidden key is there, nor what it is called.
  ASSERT_TRUE(store_.Put("_private/y.json", std::string_view("[]")).ok());
  for (const char* glob : {"_private/*", "_private/x*", "{_private,other}/*.csv", "_private/z*", "_private/[a-w]*"}) {
    const Answer answer = Sql(std::string("FROM lake('") + glob + "')");
    EXPECT_EQ(Detail(answer), std::string("nothing in the lake matches '") + glob + "'");
  }
}

TEST_F(ServiceQueryTest, ADryRunRunsNothing) {
  const Answer answer = Query(R"({"sql":"FROM birds","dry_run":true})");
  EXPECT_EQ(boost::json::parse(answer.body).at("objects").as_int64(), 1);
  EXPECT_EQ(productions_->counters().started, 0u);
}

TEST_F(ServiceQueryTest, TheHeadSaysWhatTheAnswerTook) {
  const Answer answer = Query(R"({"sql":"FROM birds","format":"csv","metadata":true})");
  EXPECT_EQ(answer.head.Find("Eider-Rows"), "3");
  EXPECT_TRUE(answer.head.Find("Eider-Reads").starts_with("requests=")) << answer.head.Find("Eider-Reads");
  EXPECT_TRUE(answer.head.Find("Server-Timing").starts_with("query;dur="));
  EXPECT_EQ(Sql("FROM birds").head.Find("Eider-Rows"), "");
  // It fails before its first byte, whenever that is: a number beyond the first rows is no number.
  const Answer late = Query(
      R"q({"sql":"SELECT CASE WHEN r = 999999 THEN CAST('x' || r AS INT) END AS n FROM range(1000000) t(r)","format":"ndjson","metadata":true})q");
  EXPECT_EQ(late.head.status, 400) << late.body;
}

TEST_F(ServiceQueryTest, AnAnswerIsCancelledByItsId) {
  Request request;
  request.method = "POST";
  request.path = "/query";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"sql":"SELECT a.range FROM range(1000000000) a","format":"csv"})";
  request.id = "slow";
  std::promise<Response> promise;
  service_->Handle(std::move(request), [&](Response response) { promise.set_value(std::move(response)); });
  Response response = promise.get_future().get();
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(Ask("/query/other", {}, "DELETE").head.status, 404);
  EXPECT_EQ(Ask("/query/slow", {}, "DELETE").head.status, 204);
  EXPECT_NE(Drain(*response.body).find("<error: cancelled by DELETE"), std::string::npos);
  response.body.reset();
  EXPECT_EQ(Ask("/query/slow", {}, "DELETE").head.status, 404);
}

TEST_F(ServiceQueryTest, AnInvocationAnswersItsKeysExactly) {
  const Answer answer =
      Invoke(R"({"q":"SELECT id, TIMESTAMP '2001-02-03 04:05:06' AS t FROM birds ORDER BY id","limit":1})");
  const auto root = boost::json::parse(answer.body).as_object();
  ASSERT_EQ(root.size(), 2u);
  const auto& metadata = root.at("metadata").as_object();
  EXPECT_EQ(metadata.size(), 5u);
  EXPECT_FALSE(metadata.at("warm").as_bool());
  EXPECT_TRUE(metadata.at("timeMs").is_int64());
  EXPECT_TRUE(metadata.at("epochMs").is_int64());
  EXPECT_TRUE(metadata.at("query").as_string().starts_with("SELECT id"));
  EXPECT_EQ(boost::json::serialize(root.at("data")), R"({"records":[{"id":1,"t":"2001-02-03 04:05:06"}]})");
  EXPECT_TRUE(boost::json::parse(Invoke("{}").body).at("metadata").at("warm").as_bool());
}

TEST_F(ServiceQueryTest, AnInvocationWithoutAQuestionOrWithAWrongOne) {
  const Answer nothing = Invoke(R"({"q":null})");
  EXPECT_EQ(boost::json::serialize(boost::json::parse(nothing.body).at("data")), R"({"records":[]})");
  EXPECT_TRUE(boost::json::parse(nothing.body).at("metadata").at("query").is_null());
  const Answer wrong = Invoke(R"({"q":"SELEC 1"})");
  EXPECT_EQ(wrong.head.status, 200);
  EXPECT_EQ(wrong.head.Find("X-Amz-Function-Error"), "Unhandled");
  const auto error = boost::json::parse(wrong.body).as_object();
  EXPECT_EQ(error.size(), 2u);
  EXPECT_EQ(error.at("errorType").as_string(), "InvalidQuery");
  EXPECT_TRUE(error.at("errorMessage").as_string().starts_with("line 1, column 1: "));
  EXPECT_EQ(Invoke("SELECT 1").head.status, 400);
  const auto rows = boost::json::parse(Invoke(R"({"q":"SELECT range AS r FROM range(100) r"})").body);
  EXPECT_EQ(rows.at("data").at("records").as_array().size(), 20u);
  const Answer large = Invoke(R"({"q":"SELECT repeat('x', 1000) AS x FROM range(10000) r","limit":10000})");
  EXPECT_NE(large.body.find("LimitReached"), std::string::npos);
}

}  // namespace
}  // namespace eider
