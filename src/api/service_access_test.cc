// Who may ask what, and how much, through the service.
#include <algorithm>

#include "api/service_fixture.h"
#include "base/digest.h"
#include "base/text.h"

namespace eider {
namespace {

class ServiceAccessTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    ASSERT_TRUE(store_.Put("ships.csv", std::string_view("id\n7\n")).ok());
    options_.steady_clock = [this] { return now_; };
    Open();
  }

  void Open(const std::string& yaml = {}) {
    CatalogOptions options;
    options.config_yaml = yaml;
    service_.reset();
    catalog_ = *Catalog::Open(store_, *database_, options);
    options_.keys = *KeyRing::Open(keys_);
    service_ = std::make_unique<Service>(*catalog_, *database_, *productions_, options_);
  }

  ApiKey& Add(const std::string& name) {
    ApiKey key;
    key.name = name;
    key.sha256 = Sha256Hex(name);
    keys_.push_back(key);
    return keys_.back();
  }

  static std::vector<Header> As(const std::string& name) { return {{"Authorization", "Bearer " + name}}; }
  int Status(const std::string& target, std::vector<Header> headers = {}) {
    return Ask(target, std::move(headers)).head.status;
  }
  Answer Sql(const std::string& sql, std::vector<Header> headers = {}) {
    headers.push_back({"Content-Type", "application/json"});
    return Ask("/query", std::move(headers), "POST",
               boost::json::serialize(boost::json::object{{"sql", sql}, {"format", "csv"}}));
  }

  ServiceOptions options_;
  std::vector<ApiKey> keys_;
  SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(ServiceAccessTest, WithoutAKeyNothingIsToldWhereOneIsWanted) {
  Add("alice");
  options_.anonymous = false;
  Open("datasets: {birds: {cache_control: 'public, max-age=60'}}\n");
  for (const char* path : {"/datasets", "/birds", "/birds.csv", "/openapi.json", "/metrics", "/query", "/nothing"}) {
    const Answer refused = Ask(path);
    EXPECT_EQ(refused.head.status, 401) << path;
    EXPECT_EQ(refused.head.Find("WWW-Authenticate"), "Bearer realm=\"eider\"");
  }
  EXPECT_EQ(Sql("SELECT 1").head.status, 401);
  for (const char* path : {"/", "/healthz", "/readyz"}) EXPECT_EQ(Status(path), 200) << path;
  const Answer opened = Ask("/birds.csv", As("alice"));
  EXPECT_EQ(opened.head.status, 200);
  EXPECT_EQ(opened.head.Find("Cache-Control"), "private, no-cache") << "a shared cache would answer everyone";
  EXPECT_EQ(opened.head.principal, "alice");
  const auto document = boost::json::parse(Ask("/openapi.json", As("alice")).body);
  EXPECT_EQ(document.at("security").as_array().size(), 2u) << "none may go without";
}

TEST_F(ServiceAccessTest, AKeyMayBeOfSomeDatasetsAlone) {
  Add("alice").datasets = {"birds"};
  Open();
  EXPECT_EQ(Status("/birds.csv", As("alice")), 200);
  EXPECT_EQ(Status("/ships.csv", As("alice")), 403);
  EXPECT_EQ(Status("/ships", As("alice")), 403);
  EXPECT_EQ(Status("/none", As("alice")), 403) << "nor does it tell what there is";
  EXPECT_EQ(Ask("/datasets", As("alice")).body.find("ships"), std::string::npos);
  EXPECT_EQ(Ask("/openapi.json", As("alice")).body.find("ships"), std::string::npos);
  EXPECT_EQ(Sql("SELECT count(*) AS n FROM birds", As("alice")).body, "n\r\n3\r\n");
  EXPECT_EQ(Sql("FROM ships", As("alice")).head.status, 403);
  EXPECT_EQ(Sql("FROM birds JOIN ships USING (id)", As("alice")).head.status, 403);
  for (const char* sql : {"FROM 'ships.csv'", "FROM lake('*.csv')", "FROM read_text('ships.csv')"}) {
    EXPECT_NE(Detail(Sql(sql, As("alice"))).find("a path would go around"), std::string::npos) << sql;
  }
  EXPECT_EQ(Sql("WITH ships AS (SELECT 1 AS a) FROM ships", As("alice")).body, "a\r\n1\r\n");
  const Answer hidden = Sql("SELECT * FROM (WITH ships AS (SELECT 1 AS id) FROM ships) a, (FROM ships) b", As("alice"));
  EXPECT_EQ(hidden.head.status / 100, 4) << hidden.body;
  const Answer invoked = Ask("/2015-03-31/functions/f/invocations", As("alice"), "POST", R"({"q":"FROM ships"})");
  EXPECT_EQ(invoked.head.Find("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(invoked.body.find('7'), std::string::npos);
  EXPECT_EQ(Status("/ships.csv"), 200) << "who has no key is let in by its own rule";
}

TEST_F(ServiceAccessTest, LimitsOfAnAnswer) {
  Add("rows").limits.rows = 2;
  Add("bytes").limits.bytes = 10;
  Add("time").limits.time = std::chrono::seconds(1);
  Add("free");
  Open("limits: {anonymous: {rows: 1}}\n");
  const std::string all = Ask("/birds.csv", As("free")).body;
  const auto whole = [&](const char* target, std::vector<Header> headers) {  // its end is known before it begins
    headers.push_back({"Range", "bytes=0-"});
    return Ask(target, std::move(headers));
  };
  for (int i = 0; i < 2; ++i) {  // whatever was kept for another client
    EXPECT_EQ(whole("/birds.csv", As("rows")).head.status, 413);
    EXPECT_EQ(whole("/birds.csv", As("bytes")).head.status, 413);
    EXPECT_EQ(whole("/birds.csv", {}).head.status, 413);
    EXPECT_EQ(Ask("/birds.csv", As("free")).body, all);
    EXPECT_EQ(Ask("/birds.csv", As("time")).body, all);
    EXPECT_EQ(Status("/birds.csv?_limit=2", As("rows")), 200);
    EXPECT_EQ(Status("/birds.csv?_limit=1"), 200);
  }
  EXPECT_NE(Detail(whole("/birds.csv", As("rows"))).find("2 rows"), std::string::npos);
  EXPECT_NE(Sql("FROM birds", As("rows")).body.find("2 rows"), std::string::npos);
  EXPECT_EQ(
      Sql("SELECT count(*) FROM range(100000) a, range(100000) b, range(9) c WHERE a.range + b.range = c.range - 9",
          As("time"))
          .head.status,
      504);
  // A validator is of the bytes, whoever may have them.
  EXPECT_EQ(Ask("/birds.csv?_limit=1").head.Find("ETag"), Ask("/birds.csv?_limit=1", As("free")).head.Find("ETag"));
}

TEST_F(ServiceAccessTest, APageOfAnotherOriginReadsEveryHeader) {
  options_.client_limits.requests_per_second = options_.client_limits.burst = 100;
  Add("alice");
  Open("cors: [https://example.org]\ndatasets: {ships: {access: key}}\n");
  const std::vector<Header> page{{"Origin", "https://example.org"}, {"Content-Type", "application/json"}};
  const auto expect = [](const Response& response, std::vector<std::string> wanted) {
    const auto exposed = Split(response.Find("Access-Control-Expose-Headers"), ',');
    for (const Header& header : response.headers) {
      if (!header.name.starts_with("Access-Control-")) wanted.push_back(header.name);
    }
    for (const std::string& name : wanted) {
      EXPECT_TRUE(std::any_of(exposed.begin(), exposed.end(), [&](const auto& item) { return Trim(item) == name; }))
          << name << " of " << response.status;
    }
  };
  const auto post = [&](const std::string& body) { return Ask("/query", page, "POST", body).head; };
  expect(
      post(R"({"sql": "FROM birds", "format": "csv", "metadata": true})"),
      {"Eider-Rows", "Eider-Reads", "Server-Timing", "X-Cache", "RateLimit", "RateLimit-Policy", "Eider-Request-Id"});
  expect(post(R"({"sql": "FROM birds", "format": "csv", "limit": 1, "key": ["id"]})"), {"Eider-Next"});
  expect(Ask("/birds.csv?_limit=1", page).head, {"ETag", "Link", "Accept-Ranges", "Content-Disposition", "Eider-Null"});
  expect(Ask("/ships.csv", page).head, {"WWW-Authenticate"});
  expect(Ask("/birds.csv", page, "PATCH").head, {"Allow"});
}

TEST_F(ServiceAccessTest, LimitsOfMemory) {
  Add("little").limits.memory = 64 << 20;
  Add("free");
  Open("limits: {anonymous: {memory: 64MiB}}\n");
  const char* list = "SELECT len(list(range)) AS n FROM range(10000000)";  // 80 MB that cannot be spilled
  for (const auto& headers : std::vector<std::vector<Header>>{As("little"), {}}) {
    const Answer refused = Sql(list, headers);
    EXPECT_EQ(refused.head.status, 413);
    EXPECT_NE(Detail(refused).find("64.0 MiB of memory"), std::string::npos) << refused.body;
    EXPECT_EQ(Sql("SELECT count(*) AS n FROM birds", headers).body, "n\r\n3\r\n");
    EXPECT_EQ(Status("/birds.csv?_sort=name&_limit=2", headers), 200) << "its next page is looked for";
  }
  EXPECT_EQ(Sql(list, As("free")).body, "n\r\n10000000\r\n");
}

TEST_F(ServiceAccessTest, AReceiptIsFoundAgainUnderLimits) {
  Add("rows").limits.rows = 100;
  Open();
  auto headers = As("rows");
  headers.push_back({"TE", "trailers"});
  const Answer download = Ask("/birds.csv", headers);
  ASSERT_EQ(download.head.status, 200);
  const std::string id(download.head.Find("Eider-Request-Id"));
  EXPECT_EQ(boost::json::parse(Ask("/birds.csv?_receipt=" + id, As("rows")).body).at("rows").as_int64(), 3);
}

TEST_F(ServiceAccessTest, EachKeyHasItsOwnRate) {
  Add("slow").limits.requests_per_second = 1;
  Add("fast");
  Open();
  const Answer first = Ask("/birds", As("slow"));
  EXPECT_EQ(first.head.Find("RateLimit-Policy"), "\"requests\";q=1;w=1");
  EXPECT_EQ(first.head.Find("RateLimit"), "\"requests\";r=0;t=1");
  const Answer refused = Ask("/birds", As("slow"));
  EXPECT_EQ(refused.head.status, 429);
  EXPECT_EQ(refused.head.Find("Retry-After"), "1");
  EXPECT_EQ(Status("/birds", As("fast")), 200);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(Status("/birds", As("slow")), 200);
}

TEST_F(ServiceAccessTest, GuessesCountAgainstTheirAddress) {
  Add("alice");
  options_.client_limits = {0.001, 3, 0};
  Open();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Status("/birds", As("guess" + std::to_string(i))), 401);
  EXPECT_EQ(Status("/birds", As("guess")), 429);
  EXPECT_EQ(Status("/birds", As("alice")), 200);
}

TEST_F(ServiceAccessTest, GuessesHaveNoMoreThanWhoHasNoKey) {
  Open("limits: {anonymous: {requests_per_second: 0.001, burst: 2}}\n");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Status("/birds", As("guess" + std::to_string(i))), 401);
  EXPECT_EQ(Status("/birds", As("guess")), 429);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(Status("/birds", As("guess")), 429);
  EXPECT_EQ(Status("/birds"), 429) << "a guess fills no bucket";
}

TEST_F(ServiceAccessTest, AnswersUnderWayAreCounted) {
  Add("alice").limits.concurrency = 1;
  Open();
  Request request;
  request.method = "POST";
  request.path = "/query";
  request.headers = {{"Content-Type", "application/json"}, {"X-Api-Key", "alice"}};
  request.body = R"({"sql":"SELECT a.range FROM range(1000000000) a","format":"csv"})";
  request.id = "slow";
  std::promise<Response> promise;
  service_->Handle(std::move(request), [&](Response response) { promise.set_value(std::move(response)); });
  Response response = promise.get_future().get();
  ASSERT_EQ(response.status, 200);
  const Answer refused = Ask("/birds.csv", As("alice"));
  EXPECT_EQ(refused.head.status, 429);
  EXPECT_FALSE(refused.head.Find("Retry-After").empty());
  EXPECT_EQ(Status("/birds.csv"), 200);
  response.body.reset();
  EXPECT_EQ(Status("/birds.csv", As("alice")), 200);
}

TEST_F(ServiceAccessTest, EveryDenialIsInTheLog) {
  Add("alice").datasets = {"birds"};
  keys_.back().limits.requests_per_second = 2;
  Open("datasets: {ships: {access: key}}\n");
  testing::internal::CaptureStderr();
  Status("/ships.csv");
  Status("/ships.csv", As("alice"));
  Status("/birds.csv", As("alice"));
  Status("/birds.csv", As("alice"));
  Status("/birds.csv", As("eider_revoked"));
  const std::string log = testing::internal::GetCapturedStderr();
  const std::string key = KeyId(keys_.back());
  for (const std::string& line : {
           std::string(R"("reason":"key_needed","status":401,"principal":"","key":"")"),
           R"("reason":"dataset_not_allowed","status":403,"principal":"alice","key":")" + key + "\"",
           R"("reason":"rate","status":429,"principal":"alice","key":")" + key + "\"",
           std::string(R"("reason":"unknown_key","status":401)"),
       }) {
    EXPECT_NE(log.find(line), std::string::npos) << line << "\n" << log;
  }
  EXPECT_EQ(log.find("eider_revoked"), std::string::npos);
}

}  // namespace
}  // namespace eider
