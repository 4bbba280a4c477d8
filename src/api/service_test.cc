#include "api/service.h"

#include <limits>
#include <map>

#include "api/service_fixture.h"
#include "base/digest.h"

namespace eider {
namespace {

constexpr const char* kBirds = "id,name\r\n1,eider\r\n2,\r\n3,\"smew, small\"\r\n";

TEST_F(ServiceTest, RowsWithTheirHeaders) {
  const Answer answer = Ask("/birds.csv");
  EXPECT_EQ(answer.head.status, 200);
  EXPECT_EQ(answer.body, kBirds);
  EXPECT_EQ(answer.head.Find("Content-Disposition"), "attachment; filename=\"birds.csv\"");
  EXPECT_EQ(answer.head.Find("Eider-Request-Id"), "id1");
  EXPECT_EQ(Ask("/birds.csv?_view=1").head.Find("Content-Disposition"), "inline; filename=\"birds.csv\"");
  EXPECT_EQ(Ask("/birds", {{"Accept", "text/csv"}}).body, kBirds);
}

TEST_F(ServiceTest, EqualRequestsShareOneRun) {
  const Answer first = Ask("/birds.csv?id=1&id=2");
  const Answer second = Ask("/birds.csv?id=2&id=1");
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(first.head.Find("ETag"), second.head.Find("ETag"));
  EXPECT_EQ(productions_->counters().started, 1u);
}

TEST_F(ServiceTest, ValidatorsAnswerWithoutARun) {
  const std::string etag(Ask("/birds.csv").head.Find("ETag"));
  const Answer fresh = Ask("/birds.csv", {{"If-None-Match", etag}});
  EXPECT_EQ(fresh.head.status, 304);
  EXPECT_EQ(fresh.body, "");
  EXPECT_EQ(Ask("/birds.tsv", {{"If-None-Match", etag}}).head.status, 200);
  ASSERT_TRUE(store_.Put("birds.csv", std::string_view("id,name\n4,scoter\n")).ok());
  EXPECT_EQ(Ask("/birds.csv", {{"If-None-Match", etag}}).body, "id,name\r\n4,scoter\r\n");
}

TEST_F(ServiceTest, RangesAndHeadKnowTheLength) {
  const Answer part = Ask("/birds.csv", {{"Range", "bytes=9-13"}});
  EXPECT_EQ(part.head.status, 206);
  EXPECT_EQ(part.body, std::string(kBirds).substr(9, 5));
  EXPECT_EQ(part.head.Find("Content-Range"), "bytes 9-13/" + std::to_string(std::string(kBirds).size()));
  EXPECT_EQ(Ask("/birds.csv", {{"Range", "bytes=900-"}}).head.status, 416);
  EXPECT_EQ(Ask("/birds.csv", {{"Range", "bytes=9-13"}, {"If-Range", "\"other\""}}).body, kBirds);
  EXPECT_EQ(Ask("/birds.csv?_order=any", {{"Range", "bytes=9-13"}}).head.status, 200);
}

TEST_F(ServiceTest, TrailersAndReceiptsAgree) {
  Ask("/birds.csv", {{"TE", "trailers"}});
  ASSERT_EQ(trailers_.size(), 3u);
  EXPECT_EQ(trailers_[0].value, "3");
  const std::string digest = trailers_[2].value;
  Ask("/birds.csv");
  for (const char* id : {"id1", "id2"}) {
    const auto receipt = boost::json::parse(Ask(std::string("/birds.csv?_receipt=") + id).body);
    EXPECT_EQ(receipt.at("rows").as_int64(), 3);
    EXPECT_EQ(receipt.at("content_digest").as_string(), digest);
  }
  EXPECT_EQ(Ask("/birds.csv?_receipt=unknown").head.status, 404);
}

TEST_F(ServiceTest, ErrorsNameTheThing) {
  EXPECT_NE(Detail(Ask("/brids.csv")).find("birds"), std::string::npos);
  EXPECT_EQ(Ask("/brids.csv").head.status, 404);
  EXPECT_EQ(Ask("/birds.pdf").head.status, 406);
  EXPECT_EQ(Ask("/birds.geojson").head.status, 406);
  EXPECT_EQ(Ask("/birds.csv?nme=x").head.status, 400);
  EXPECT_EQ(Ask("/birds.csv?id=%GG").head.status, 400);
  EXPECT_EQ(Ask("/birds.csv", {}, "POST").head.Find("Allow"), "GET, HEAD");
  for (const char* path :
       {"/../etc/passwd", "/%2e%2e/passwd.csv", "/a/b.csv", "/a'b.csv", "/%00.csv", "/.csv", "/%zz"}) {
    const int status = Ask(path).head.status;
    EXPECT_TRUE(status == 404 || status == 400) << path << " " << status;
  }
}

TEST_F(ServiceTest, AnObjectReplacedBeforeTheFirstByteIsReadAnew) {
  ASSERT_EQ(Ask("/birds.csv?_limit=1").head.status, 200);
  bool replaced = false;
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation == StoreOperation::kGet && !replaced) {
      replaced = true;
      return store_.Put("birds.csv", std::string_view("id,name\n9,new\n")).ok() ? Status() : Status(Internal("put"));
    }
    return {};
  });
  const Answer answer = Ask("/birds.csv");
  EXPECT_EQ(answer.head.status, 200);
  EXPECT_EQ(answer.body, "id,name\r\n9,new\r\n");
}

TEST_F(ServiceTest, AStoreThatFailsIsAGatewaysError) {
  ASSERT_EQ(Ask("/birds.csv?_limit=1").head.status, 200);
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation == StoreOperation::kGet) return Error{ErrorKind::kUnavailable, "the store is down", {}};
    return {};
  });
  const Answer answer = Ask("/birds.csv");
  EXPECT_EQ(answer.head.status, 503);
  EXPECT_EQ(Detail(answer), "the store is down");
  EXPECT_FALSE(answer.head.Find("Retry-After").empty());
}

TEST_F(ServiceTest, KeysOpenWhatIsNotPublic) {
  CatalogOptions options;
  options.config_yaml =
      "datasets: {birds: {access: key}}\nauth: {keys: {alice: 'sha256:" + Sha256Hex("alices") + "'}}\n";
  service_.reset();
  catalog_ = *Catalog::Open(store_, *database_, options);
  service_ = std::make_unique<Service>(*catalog_, *database_, *productions_, ServiceOptions{});
  for (const char* path : {"/birds.csv", "/birds", "/birds.csv?_dry_run=1", "/birds.csv?_receipt=x"}) {
    const Answer refused = Ask(path);
    EXPECT_EQ(refused.head.status, 401) << path;
    EXPECT_FALSE(refused.head.Find("WWW-Authenticate").empty());
  }
  const Answer opened = Ask("/birds.csv", {{"Authorization", "Bearer alices"}});
  EXPECT_EQ(opened.body, kBirds);
  EXPECT_EQ(opened.head.Find("Cache-Control"), "private, no-cache");
  EXPECT_EQ(Ask("/birds.csv", {{"Authorization", "Bearer bobs"}}).head.status, 401);
  EXPECT_EQ(Ask("/openapi.json").body.find("/birds"), std::string::npos);
}

TEST_F(ServiceTest, AClientThatAsksTooMuchWaits) {
  ServiceOptions options;
  options.client_limits = {0.001, 2, 0};
  options.steady_clock = [] { return SteadyTime(std::chrono::hours(1)); };
  service_ = std::make_unique<Service>(*catalog_, *database_, *productions_, options);
  EXPECT_EQ(Ask("/birds.csv").head.status, 200);
  EXPECT_EQ(Ask("/birds.csv").head.status, 200);
  const Answer refused = Ask("/birds.csv");
  EXPECT_EQ(refused.head.status, 429);
  EXPECT_EQ(refused.head.Find("Retry-After"), "1000");
  EXPECT_EQ(refused.head.Find("RateLimit-Policy"), "\"requests\";q=2;w=2000");
  EXPECT_EQ(refused.head.Find("RateLimit"), "\"requests\";r=0;t=2000");
  EXPECT_EQ(Ask("/healthz").head.status, 200);
}

TEST_F(ServiceTest, TheLogMasksValuesWhenTold) {
  ServiceOptions options;
  options.mask_values = true;
  service_ = std::make_unique<Service>(*catalog_, *database_, *productions_, options);
  testing::internal::CaptureStderr();
  Ask("/birds.csv?name=private&_limit=5");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("\"query\":\"name=*&_limit=5\""), std::string::npos) << log;
  EXPECT_EQ(log.find("private"), std::string::npos);
}

TEST_F(ServiceTest, WhatIsBesideTheRows) {
  EXPECT_EQ(boost::json::parse(Ask("/datasets").body).at("dataset").at(0).at("name").as_string(), "birds");
  EXPECT_EQ(boost::json::parse(Ask("/birds").body).at("columns").at(1).at("type").as_string(), "VARCHAR");
  EXPECT_EQ(boost::json::parse(Ask("/openapi.json").body).at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(Ask("/healthz").body, "ok\n");
  EXPECT_EQ(Ask("/readyz").head.status, 200);
  EXPECT_NE(Ask("/metrics").body.find("eider_queries_total 0\n"), std::string::npos);
}

TEST_F(ServiceTest, TheDocumentSaysWhatAParameterMayBe) {
  const auto document = boost::json::parse(Ask("/openapi.json").body);
  std::map<std::string, boost::json::value> schemas;
  for (const auto& parameter : document.at_pointer("/paths/~1birds.{format}/get/parameters").as_array()) {
    schemas[std::string(parameter.at("name").as_string())] = parameter.at("schema");
  }
  EXPECT_EQ(schemas.at("id__gte").at("type").as_string(), "integer");
  EXPECT_EQ(schemas.at("id__between").at("minItems").as_int64(), 2);
  EXPECT_EQ(schemas.at("id__in").at("items").at("maximum").as_int64(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(schemas.at("name").at("type").as_string(), "string");
  EXPECT_EQ(boost::json::serialize(schemas.at("_sort").at("items").at("enum")), R"(["id","-id","name","-name"])");
}

TEST_F(ServiceTest, ADatasetMayBearTheNameOfARoute) {
  EXPECT_EQ(Ask("/query").head.status, 405);
  EXPECT_EQ(Ask("/query").head.Find("Allow"), "POST");
  EXPECT_EQ(Ask("/query", {}, "PUT").head.Find("Allow"), "POST");
  for (const char* name : {"query.csv", "datasets.csv"}) ASSERT_TRUE(store_.Put(name, std::string_view("a\n1\n")).ok());
  catalog_->Refresh();
  EXPECT_EQ(boost::json::parse(Ask("/query").body).at("name").as_string(), "query");
  EXPECT_EQ(Ask("/query", {}, "PUT").head.Find("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(Ask("/query.csv").body, "a\r\n1\r\n");
  const auto paths = boost::json::parse(Ask("/openapi.json").body).at("paths");
  EXPECT_TRUE(paths.at("/query").as_object().contains("get"));
  EXPECT_TRUE(paths.at("/query").as_object().contains("post"));
  EXPECT_EQ(paths.at_pointer("/~1datasets/get/operationId").as_string(), "datasets") << "what stands there is the list";
}

TEST_F(ServiceTest, ThePageIsKeptAndCompressed) {
  const Answer page = Ask("/");
  EXPECT_NE(page.body.find("<!doctype html>"), std::string::npos);
  EXPECT_EQ(page.head.Find("Cache-Control"), "no-cache");
  EXPECT_EQ(page.head.Find("Content-Encoding"), "");
  const auto script = page.body.find("./-/");
  ASSERT_NE(script, std::string::npos);
  const std::string path = page.body.substr(script + 1, page.body.find('"', script) - script - 1);
  const Answer plain = Ask(path);
  const Answer brotli = Ask(path, {{"Accept-Encoding", "gzip, deflate, br, zstd"}});
  const Answer gzip = Ask(path, {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(plain.head.Find("Content-Type"), "text/javascript; charset=utf-8") << path;
  EXPECT_EQ(brotli.head.Find("Content-Encoding"), "br");
  EXPECT_EQ(gzip.head.Find("Content-Encoding"), "gzip");
  EXPECT_LT(brotli.body.size(), gzip.body.size());
  EXPECT_LT(gzip.body.size(), plain.body.size());
  EXPECT_NE(brotli.head.Find("Cache-Control").find("immutable"), std::string::npos);
  EXPECT_NE(brotli.head.Find("ETag"), plain.head.Find("ETag"));
  const Answer same = Ask("/", {{"If-None-Match", std::string(page.head.Find("ETag"))}});
  EXPECT_EQ(same.head.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(Ask("/-/nothing.js").head.status, 404);
}

}  // namespace
}  // namespace eider
