#include "download/request.h"

#include <gtest/gtest.h>

#include "download/format.h"
#include "engine/database_suite.h"

namespace eider {
namespace {

Dataset MakeDataset() {
  Dataset dataset;
  dataset.config.name = "flights";
  dataset.columns = {{"date", "TIMESTAMP", TypeClass::kTemporal}, {"delay", "BIGINT", TypeClass::kNumber},
                     {"origin", "VARCHAR", TypeClass::kText},     {"organisation-entity", "BIGINT", TypeClass::kNumber},
                     {"a__b", "VARCHAR", TypeClass::kText},       {"_id", "VARCHAR", TypeClass::kText},
                     {"tags", "VARCHAR[]", TypeClass::kNested}};
  return dataset;
}

class RequestTest : public DatabaseSuite {
 protected:
  Result<DownloadRequest> Parse(const std::string& query, Format format = Format::kCsv) {
    const auto parameters = ParseQueryString(query);
    if (!parameters) return parameters.error();
    return ParseDownload(dataset_, format, *parameters, database());
  }

  // The parameter that is named as wrong; its message must name all of `words`.
  std::string Wrong(const std::string& query, const std::vector<std::string>& words = {}) {
    const auto request = Parse(query);
    if (request) return "accepted";
    EXPECT_EQ(request.error().kind, ErrorKind::kInvalid) << query;
    for (const std::string& word : words) {
      EXPECT_NE(request.error().message.find(word), std::string::npos) << request.error().message;
    }
    return request.error().parameter;
  }

  Dataset dataset_ = MakeDataset();
};

TEST_F(RequestTest, PlainParametersAreEqualAndRepeatedAnyOfThem) {
  const auto request = Parse("origin=JFK&origin=LGA&delay=5&origin=");
  ASSERT_TRUE(request.ok());
  ASSERT_EQ(request->filters.size(), 2u);
  EXPECT_EQ(request->filters[0].values, (std::vector<std::string>{"JFK", "LGA", ""}));
  EXPECT_EQ(request->filters[1].column, 1u);
}

TEST_F(RequestTest, ColumnsAreMatchedAsWritten) {
  const auto request = Parse("organisation-entity__gte=5&a__b=x&a__b__ne=y&_id=z");
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->filters[0].op, Operator::kGte);
  EXPECT_EQ(request->filters[1].op, Operator::kEq);
  EXPECT_EQ(request->filters[2].op, Operator::kNe);
  EXPECT_EQ(request->filters[3].column, 5u);
}

TEST_F(RequestTest, EveryOperatorIsKnownByItsName) {
  EXPECT_TRUE(Parse("delay__lt=1&delay__lte=1&delay__gt=1&delay__gte=1&delay__in=1,2&delay__notin=3&delay__between=1,2&"
                    "origin__contains=a&origin__startswith=a&origin__endswith=a&origin__like=a%25&origin__isnull=1&"
                    "tags__notnull=&delay__ne=3")
                  .ok());
}

TEST_F(RequestTest, NothingIsIgnored) {
  EXPECT_EQ(Wrong("orgin=JFK", {"orgin", "Did you mean 'origin'", "date delay"}), "orgin");
  EXPECT_EQ(Wrong("orgin__gte=JFK", {"no column 'orgin'"}), "orgin__gte");
  EXPECT_EQ(Wrong("delay__gtee=5", {"gtee", "between"}), "delay__gtee");
  EXPECT_EQ(Wrong("_limt=5", {"Did you mean '_limit'"}), "_limt");
  EXPECT_EQ(Wrong("_bbox=1,2,3,4"), "_bbox");
  EXPECT_EQ(Wrong("delay__contains=5", {"BIGINT"}), "delay__contains");
  EXPECT_EQ(Wrong("tags=5"), "tags");
  EXPECT_EQ(Wrong("_columns=date,nope", {"nope"}), "_columns");
  EXPECT_EQ(Wrong("_columns=date,date"), "_columns");
  EXPECT_EQ(Wrong("_sort=-nope"), "_sort");
  EXPECT_EQ(Wrong("_limit=-1"), "_limit");
  EXPECT_EQ(Wrong("_limit=1&_limit=2"), "_limit");
  EXPECT_EQ(Wrong("_order=random"), "_order");
  EXPECT_EQ(Wrong("_order=any&_sort=delay"), "_order");
  EXPECT_EQ(Wrong("_count=yes"), "_count");
  EXPECT_EQ(Wrong("_count=1&_limit=5"), "_count");
  EXPECT_EQ(Wrong("delay__isnull=5"), "delay__isnull");
  EXPECT_EQ(Wrong("delay__between=5"), "delay__between");
}

TEST_F(RequestTest, ValuesAreOfTheColumnsType) {
  EXPECT_EQ(Wrong("delay=x", {"'x'", "BIGINT", "delay"}), "delay");
  EXPECT_EQ(Wrong("delay="), "delay");
  EXPECT_EQ(Wrong("delay=1.5"), "delay");
  EXPECT_EQ(Wrong("delay__in=1,b"), "delay__in");
  EXPECT_EQ(Wrong("date__gte=yesterday"), "date__gte");
  EXPECT_EQ(Wrong("delay=1;DROP TABLE x"), "delay");
  EXPECT_EQ(ComparedType({"p", "DECIMAL(9,2)", TypeClass::kNumber}, Operator::kEq, "1.01"), "DECIMAL(9,2)");
  EXPECT_EQ(ComparedType({"p", "DECIMAL(9,2)", TypeClass::kNumber}, Operator::kEq, "1.014"), "DECIMAL(38,3)");
  EXPECT_EQ(ComparedType({"p", "DECIMAL(9,2)", TypeClass::kNumber}, Operator::kLt, "123456789"), "DECIMAL(38,2)");
  EXPECT_EQ(ComparedType({"u", "UUID", TypeClass::kText}, Operator::kEq, "x"), "UUID");
  EXPECT_EQ(ComparedType({"u", "UUID", TypeClass::kText}, Operator::kContains, "x"), "VARCHAR");
  EXPECT_TRUE(Parse("date__gte=2001-02-03").ok());
  EXPECT_TRUE(Parse("origin=%27%20OR%201%3D1%20--").ok());
}

TEST_F(RequestTest, FiltersThatTheDatasetDoesNotAllowAreNamed) {
  dataset_.config.filters = std::vector<std::string>{"origin"};
  EXPECT_TRUE(Parse("origin=JFK").ok());
  EXPECT_EQ(Wrong("delay=5", {"it can by: origin"}), "delay");
}

TEST_F(RequestTest, TheQueryStringIsFormEncodedUtf8) {
  EXPECT_EQ((*ParseQueryString("a=b+c%20d&e&f=%C3%A9")), (Parameters{{"a", "b c d"}, {"e", ""}, {"f", "é"}}));
  EXPECT_FALSE(ParseQueryString("a=%").ok());
  EXPECT_FALSE(ParseQueryString("a=%FF").ok());
  EXPECT_FALSE(ParseQueryString("a=%00").ok());
}

TEST_F(RequestTest, SpellingsOfOneRequestAreOne) {
  const auto normal = [&](const std::string& query) { return Normalised(dataset_, *Parse(query)); };
  EXPECT_EQ(normal("origin=A&delay__gte=5&origin=B"), normal("origin=B&delay__gte=5&origin=A&_count=0"));
  EXPECT_EQ(normal(""), normal("_columns=date,delay,origin,organisation-entity,a__b,_id,tags"));
  EXPECT_NE(normal("delay__between=1,2"), normal("delay__between=2,1"));
  EXPECT_NE(normal("origin=A%22+B"), normal("origin=A&origin=B"));
  EXPECT_NE(normal("_limit=5"), normal("_limit=6"));
  EXPECT_NE(normal("_columns=date,delay"), normal("_columns=delay,date"));
}

TEST_F(RequestTest, GeoJsonNeedsAPlace) {
  EXPECT_EQ(Parse("", Format::kGeoJson).error().kind, ErrorKind::kUnsupported);
  dataset_.lon_lat = {"delay", "organisation-entity"};
  EXPECT_TRUE(Parse("", Format::kGeoJson).ok());
}

TEST(FormatTest, AcceptNamesAFormat) {
  EXPECT_EQ(*FormatByAccept("text/csv"), Format::kCsv);
  EXPECT_EQ(*FormatByAccept("application/vnd.apache.parquet;q=0.9, */*;q=0.1"), Format::kParquet);
  EXPECT_EQ(*FormatByAccept("text/csv;q=0.1, application/x-ndjson"), Format::kNdjson);
  EXPECT_EQ(*FormatByAccept("text/html,application/xhtml+xml"), std::nullopt);
  EXPECT_EQ(*FormatByAccept("*/*"), std::nullopt);
  EXPECT_EQ(*FormatByAccept(""), std::nullopt);
  EXPECT_EQ(FormatByAccept("image/png").error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(FormatByAccept("text/csv;q=0").error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace eider
