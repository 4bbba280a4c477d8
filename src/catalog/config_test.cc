#include "catalog/config.h"

#include <boost/json.hpp>

#include <algorithm>

#include "catalog/test_lake.h"

namespace eider {
namespace {

class ConfigTest : public TestLake {
 protected:
  static std::string Wrong(const std::string& yaml) {
    const auto config = ParseConfig(yaml, "eider.yaml", database());
    EXPECT_FALSE(config.ok()) << yaml;
    if (config.ok()) return {};
    EXPECT_EQ(config.error().kind, ErrorKind::kInvalid);
    return config.error().message;
  }
};

TEST_F(ConfigTest, ReadsEveryKey) {
  const auto config = ParseConfig(
      "lake:\n  title: Open data\n  description: Of a town\n  discover: false\n"
      "datasets:\n"
      "  flights:\n"
      "    title: Flights\n    description: One row a flight\n    licence: CC-BY-4.0\n    glob: f/**/*.parquet\n"
      "    columns: [date, delay]\n    filters: [date]\n    sort: [date, -delay]\n    max_rows: 1000\n"
      "    cache_control: public, max-age=60\n    access: public\n    union_by_name: true\n"
      "    types: {zip: varchar, price: 'decimal(18, 2)'}\n"
      "  trips:\n    objects: [a.csv, b.csv]\n    access: key\n"
      "  plain:\n"
      "server: {keys: /k.json, tls_cert: /c.pem, tls_key: /k.pem}\n"
      "limits:\n"
      "  anonymous: {requests_per_second: 0.5, burst: 9, concurrency: 2, rows: 1000, bytes: 10MB, "
      "memory: 256MiB, time: 30s}\n"
      "  keys: {requests_per_second: 20}\n"
      "auth: {anonymous: false, keys: {alice: 'sha256:" +
          std::string(64, 'a') + "'}}\ncors: [https://example.org]\n",
      "eider.yaml", database());
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->access.anonymous, false);
  const ClientLimits anonymous = Changed({}, config->access.anonymous_limits);
  EXPECT_EQ(anonymous.requests_per_second, 0.5);
  EXPECT_EQ(anonymous.burst, 9);
  EXPECT_EQ(anonymous.concurrency, 2u);
  EXPECT_EQ(anonymous.rows, 1000u);
  EXPECT_EQ(anonymous.bytes, 10'000'000u);
  EXPECT_EQ(anonymous.memory, 256u << 20);
  EXPECT_EQ(anonymous.time, std::chrono::seconds(30));
  EXPECT_EQ(Changed({}, config->access.key_limits).burst, 20) << "a rate without a burst has that of a second";
  EXPECT_EQ(Changed({}, config->access.key_limits).rows, 0u);
  EXPECT_EQ(config->server.keys, "/k.json");
  EXPECT_EQ(config->server.tls_cert, "/c.pem");
  EXPECT_EQ(config->server.tls_key, "/k.pem");
  EXPECT_EQ(config->access.keys.at(0).name, "alice");
  EXPECT_EQ(config->access.keys.at(0).sha256, std::string(64, 'a'));
  EXPECT_EQ(config->access.cors_origins, (std::vector<std::string>{"https://example.org"}));
  EXPECT_TRUE(config->datasets.at("trips").needs_key);
  EXPECT_EQ(config->lake.title, "Open data");
  EXPECT_FALSE(config->lake.discover);
  const DatasetConfig& flights = config->datasets.at("flights");
  EXPECT_EQ(flights.name, "flights");
  EXPECT_EQ(flights.glob, "f/**/*.parquet");
  EXPECT_EQ(flights.columns, (std::vector<std::string>{"date", "delay"}));
  EXPECT_EQ(*flights.filters, (std::vector<std::string>{"date"}));
  EXPECT_EQ(flights.sort[1].column, "delay");
  EXPECT_TRUE(flights.sort[1].descending);
  EXPECT_EQ(flights.max_rows, 1000u);
  EXPECT_TRUE(flights.union_by_name);
  EXPECT_EQ(flights.types[1].second, "DECIMAL(18,2)");
  EXPECT_EQ(config->datasets.at("trips").objects.size(), 2u);
  EXPECT_TRUE(config->datasets.contains("plain"));
  EXPECT_TRUE(ParseConfig("", "eider.yaml", database()).ok());
}

TEST_F(ConfigTest, AWrongKeySaysWhereAndTheNearest) {
  EXPECT_EQ(Wrong("datasets:\n  flights:\n    discription: x\n"),
            "eider.yaml:3:5: unknown key 'discription' in dataset 'flights'. Did you mean 'description'?");
  EXPECT_EQ(Wrong("dataset:\n"), "eider.yaml:1:1: unknown key 'dataset' in the file. Did you mean 'datasets'?");
  EXPECT_EQ(Wrong("lake: {zzzzzzzz: 1}\n"),
            "eider.yaml:1:8: unknown key 'zzzzzzzz' in 'lake'. Known keys: title, description, discover, prices.");
}

TEST_F(ConfigTest, AWrongValueSaysWhatIsWanted) {
  const std::string head = "datasets:\n  f:\n    ";
  EXPECT_EQ(Wrong(head + "max_rows: many\n"),
            "eider.yaml:3:15: 'max_rows' of dataset 'f' wants a whole number of at least 1, not 'many'");
  EXPECT_EQ(Wrong(head + "columns: date\n"), "eider.yaml:3:14: 'columns' of dataset 'f' wants a list, such as [date]");
  EXPECT_EQ(Wrong(head + "union_by_name: maybe\n"),
            "eider.yaml:3:20: 'union_by_name' of dataset 'f' wants true or false, not 'maybe'");
  EXPECT_EQ(Wrong(head + "title: [a]\n"), "eider.yaml:3:12: 'title' of dataset 'f' wants text, not a list");
  EXPECT_EQ(Wrong(head + "columns: [a, a]\n"), "eider.yaml:3:18: 'columns' of dataset 'f' names 'a' twice");
  EXPECT_PRED2(Holds, Wrong(head + "types: {a: NUMBER_OR_SO}\n"), "eider.yaml:3:16: 'NUMBER_OR_SO' is no SQL type");
  EXPECT_PRED2(Holds, Wrong(head + "types: {a: 'INT) FROM read_text(''x'''}\n"), "is no SQL type");
  EXPECT_EQ(Wrong(head + "access: role:x\n"),
            "eider.yaml:3:13: 'access' of dataset 'f' is 'role:x', which is not supported yet; 'public' and 'key' are");
  EXPECT_PRED2(Holds, Wrong("auth: {keys: {alice: my-secret}}\n"),
               "eider.yaml:1:22: the key of 'alice' is written as its hash");
  EXPECT_EQ(Wrong("auth: {keys: {alice: my-secret}}\n").find("my-secret"), std::string::npos) << "a key is never shown";
  EXPECT_PRED2(Holds, Wrong(head + "cache_control: \"a\\r\\nSet-Cookie: b\"\n"), "wants a header's value");
  EXPECT_PRED2(Holds, Wrong("datasets: [a]\n"), "eider.yaml:1:11: 'datasets' of the file wants a mapping");
}

TEST_F(ConfigTest, RefusesNamesGlobsAndKeysThatLeaveTheLake) {
  EXPECT_EQ(Wrong("datasets:\n  a b:\n    title: x\n"),
            "eider.yaml:2:3: 'a b' is no dataset name: 1 to 100 letters, digits, '_' and '-'");
  EXPECT_PRED2(Holds, Wrong("datasets:\n  f: {glob: ../secret/*.csv}\n"), "eider.yaml:2:13: glob '../secret/*.csv'");
  EXPECT_PRED2(Holds, Wrong("datasets:\n  f: {objects: [../x.csv]}\n"), "eider.yaml:2:17: ");
  EXPECT_PRED2(Holds, Wrong("datasets:\n  f: {objects: [x.txt]}\n"), "'x.txt' is no .parquet");
  EXPECT_PRED2(Holds, Wrong("datasets:\n  f: {objects: [x.csv], glob: x.csv}\n"), "both 'glob' and 'objects'");
}

TEST_F(ConfigTest, BrokenYamlSaysWhere) {
  EXPECT_EQ(Wrong("datasets:\n  f: {title: a}\n  f: {title: b}\n"),
            "eider.yaml:3:3: 'f' appears twice in 'datasets' of the file");
  EXPECT_PRED2(Holds, Wrong("datasets:\n\tf: {title: a}\n"), "tab");
  EXPECT_PRED2(Holds, Wrong("datasets:\n  f: [a\n"), "eider.yaml:");
  EXPECT_PRED2(Holds, Wrong("a: 1\n---\nb: 2\n"), "second document");
  EXPECT_PRED2(Holds, Wrong("\xff\xfe"), "UTF-8");
}

// The keys that the schema's objects may hold, as ConfigKeys names them.
std::vector<std::string> SchemaKeys() {
  const auto schema = boost::json::parse(std::string(ConfigSchema())).as_object();
  std::vector<std::string> keys;
  const auto add = [&](const boost::json::value& object, const std::string& prefix) {
    EXPECT_EQ(object.at("additionalProperties"), false) << prefix;
    for (const auto& [key, value] : object.at("properties").as_object()) keys.push_back(prefix + std::string(key));
  };
  add(schema, "");
  add(schema.at("properties").at("auth"), "auth.");
  add(schema.at("properties").at("server"), "server.");
  add(schema.at("properties").at("limits"), "limits.");
  for (const char* who : {"limits.anonymous.", "limits.keys."}) add(schema.at("$defs").at("client_limits"), who);
  const auto& lake = schema.at("properties").at("lake");
  add(lake, "lake.");
  add(lake.at("properties").at("prices"), "lake.prices.");
  add(schema.at("$defs").at("dataset"), "datasets.*.");
  add(schema.at("$defs").at("catalog"), "catalogs.*.");
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST_F(ConfigTest, SchemaAndParserKnowTheSameKeys) { EXPECT_EQ(SchemaKeys(), ConfigKeys()); }

TEST_F(ConfigTest, CatalogsSayWhatTheirTypeWants) {
  const auto wrong = [&](const std::string& catalog) { return Wrong("catalogs: {shop: " + catalog + "}\n"); };
  EXPECT_PRED2(Holds, wrong("{path: a.db}"), "catalog 'shop' wants a 'type'");
  EXPECT_PRED2(Holds, wrong("{type: postgre}"), "Did you mean 'postgres'?");
  EXPECT_PRED2(Holds, wrong("{type: postgres}"), "wants a 'host'");
  EXPECT_PRED2(Holds, wrong("{type: postgres, host: h, path: a.db}"), "it has no 'path'");
  EXPECT_PRED2(Holds, wrong("{type: postgres, host: h, password: x}"), "Did you mean 'password_env'?");
  EXPECT_PRED2(Holds, wrong("{type: postgres, host: h, password_env: HOME}"), "begins with EIDER_CATALOG_");
  EXPECT_PRED2(Holds, wrong("{type: mysql, host: h, port: 70000}"), "1 to 65535");
  EXPECT_PRED2(Holds, wrong("{type: sqlite}"), "wants a 'path': the file in the lake");
  EXPECT_PRED2(Holds, wrong("{type: iceberg}"), "the folder of its tables in the lake");
  EXPECT_PRED2(Holds, wrong("{type: sqlite, path: ../a.db}"), "a file or folder of the lake");
  EXPECT_PRED2(Holds, wrong("{type: sqlite, path: a.db, user: u}"), "it has no host or user");
  EXPECT_PRED2(Holds, wrong("{type: sqlite, path: a.db, data_path: d}"), "'data_path' is for a ducklake");
  EXPECT_PRED2(Holds, wrong("{type: sqlite, path: a.db, endpoint: 'http://h'}"), "'endpoint' is for iceberg");
  EXPECT_PRED2(Holds, wrong("{type: iceberg, path: a, endpoint: 'http://u:p@h'}"), "without a password");
  EXPECT_PRED2(Holds, wrong("{type: iceberg, path: a, endpoint: 'http://h', port: 1}"), "it has no host or user");
  EXPECT_PRED2(Holds, wrong("{type: iceberg, path: a, endpoint: 'http://h', user: u}"), "wants a 'password_env'");
  EXPECT_PRED2(Holds, wrong("{type: iceberg, path: a, endpoint: 'http://h', scope: s}"),
               "whose 'user' asks for a token");
  EXPECT_PRED2(Holds, wrong("{type: iceberg, path: a, endpoint: 'http://h', token_endpoint: 'ftp://h'}"),
               "wants a URL");
  EXPECT_PRED2(Holds, wrong("{type: sqlite, path: a.db, scope: s}"), "whose 'user' asks for a token");
  EXPECT_PRED2(Holds, wrong("{type: sqlite, path: a.db, access: none}"), "'public' or 'key'");
  EXPECT_PRED2(Holds, Wrong("catalogs: {Lake: {type: sqlite, path: a.db}}"), "is no catalog's name");
  EXPECT_PRED2(Holds, Wrong("catalogs: {a-b: {type: sqlite, path: a.db}}"), "is no catalog's name");
  EXPECT_PRED2(Holds, Wrong("catalogs: {a: {type: sqlite, path: a.db}, A: {type: sqlite, path: b.db}}"),
               "SQL ignores case");
  EXPECT_PRED2(Holds, Wrong("catalogs: {a: {type: sqlite, path: a.db}}\ndatasets: {a: {}}"),
               "both a catalog and a dataset");
}

TEST_F(ConfigTest, NamesDescribesAndNarrows) {
  Put("raw/2001.csv", "zip,name,secret\n00501,a,x\n");
  Put("raw/2002.csv", "zip,name,secret\n10001,b,y\n");
  Put("raw/notes.txt", "text");
  Put("other.csv", "a\n1\n");
  Put("eider.yaml",
      "lake: {title: Town}\ndatasets:\n  people:\n    title: People\n    glob: raw/*\n    columns: [name, zip]\n"
      "    types: {zip: INTEGER}\n  nothing: {glob: none/*.csv}\n  wrong: {glob: raw/*, sort: [nam]}\n");
  EXPECT_EQ(Names(), "nothing other people wrong");
  EXPECT_EQ(catalog().lake().title, "Town");
  EXPECT_EQ(Columns("people"), "name VARCHAR, zip INTEGER");
  EXPECT_EQ(Rows("people", "zip"), "501;10001");
  EXPECT_EQ(Failure("raw").kind, ErrorKind::kNotFound);
  EXPECT_PRED2(Holds, Failure("nothing").message, "nothing in the lake matches its glob 'none/*.csv'");
  EXPECT_PRED2(Holds, Failure("wrong").message,
               "has no column 'nam', which its `sort` in eider.yaml names. Did you mean 'name'?");
  EXPECT_PRED2(Holds, Failure("peple").message, "Did you mean 'people'?");
}

TEST_F(ConfigTest, AValueThatDoesNotFitItsTypeIsFoundAtOnce) {
  Put("t.csv", "a\n1\nx\n");
  OpenWith("datasets: {t: {types: {a: INTEGER}}}");
  const Error error = Failure("t");
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_PRED2(Holds, error.message, "object 't.csv': ");
  EXPECT_PRED2(Holds, error.message, "CSV Error on Line: 3;");
}

TEST_F(ConfigTest, WithoutDiscoveryOnlyWhatIsNamed) {
  Put("a.csv", "a\n1\n");
  Put("b.csv", "a\n1\n");
  OpenWith("lake: {discover: false}\ndatasets: {a: {}}");
  EXPECT_EQ(Names(), "a");
  EXPECT_EQ(Rows("a"), "1");
  EXPECT_EQ(Failure("b").kind, ErrorKind::kNotFound);
}

TEST_F(ConfigTest, ALakeThatCannotBeListedHasItsNamedObjects) {
  Put("a.csv", "a\n1\n");
  Put("b.csv", "a\n2\n");
  store_.OnRequest([](const StoreRequest& request) -> Status {
    if (request.operation == StoreOperation::kList) return Error{ErrorKind::kUnsupported, "cannot be listed", {}};
    return {};
  });
  OpenWith("datasets: {t: {objects: [b.csv, a.csv]}, gone: {objects: [c.csv]}}");
  EXPECT_EQ(Names(), "gone t");
  EXPECT_EQ(Rows("t"), "1;2");
  EXPECT_PRED2(Holds, Failure("gone").message, "its object 'c.csv' is not in memory://test");
  Open();
  EXPECT_EQ(Failure("t").kind, ErrorKind::kUnsupported);
}

TEST_F(ConfigTest, ColumnsUniteByNameWhenTold) {
  Put("t/a.csv", "a,b\n1,2\n");
  Put("t/b.csv", "a,c\n3,4\n");
  PutParquet("p/a.parquet", "SELECT 1 AS a, 2 AS b");
  PutParquet("p/b.parquet", "SELECT 'x' AS c, 3::BIGINT AS a");
  OpenWith("datasets: {t: {union_by_name: true}, p: {union_by_name: true}}");
  EXPECT_EQ(Rows("t"), "1|2|-;3|-|4");
  EXPECT_EQ(Rows("p"), "1|2|-;3|-|x");
  EXPECT_EQ(Rows("p", "file_index, file_row_number"), "0|0;1|0");
}

}  // namespace
}  // namespace eider
