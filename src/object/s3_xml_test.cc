#include "object/s3_xml.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(S3XmlTest, ReadsAListing) {
  const auto page = ParseS3List(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>lake</Name><Prefix>p%2F</Prefix><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
  <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>p%2F</Key><Size>0</Size><ETag>&quot;d&quot;</ETag></Contents>
  <Contents><Key>p%2Fa+b%2Bc%26.csv</Key><LastModified>2024-03-05T10:11:12.345Z</LastModified>
    <ETag>&quot;abc-2&quot;</ETag><Size>5368709121</Size><StorageClass>STANDARD</StorageClass></Contents>
  <CommonPrefixes><Prefix>p%2Fyear%3D2001%2F</Prefix></CommonPrefixes>
</ListBucketResult>)",
                                "p/", {});
  ASSERT_TRUE(page.ok()) << page.error().message;
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, "a b+c&.csv");
  EXPECT_EQ(page->objects[0].size_bytes, 5368709121u);
  EXPECT_EQ(page->objects[0].etag, "abc-2");
  EXPECT_EQ(Rfc3339(page->objects[0].last_modified).substr(0, 19), "2024-03-05T10:11:12");
  EXPECT_EQ(page->prefixes, (std::vector<std::string>{"year=2001/"}));
  EXPECT_EQ(page->next, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
}

TEST(S3XmlTest, KeysStayAsTheyAreWithoutAnEncoding) {
  const auto page = ParseS3List(
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key> a+b%20&lt;c </Key><Size>1</Size></Contents>"
      "</ListBucketResult>",
      "", {});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->objects[0].key, " a+b%20<c ");
  EXPECT_EQ(page->next, "");
}

TEST(S3XmlTest, RefusesWhatIsNoListing) {
  for (const char* text :
       {"", "hello", "<html></html>", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>"}) {
    const auto page = ParseS3List(text, "", {});
    ASSERT_FALSE(page.ok()) << text;
    EXPECT_EQ(page.error().kind, ErrorKind::kUnavailable);
  }
}

TEST(S3XmlTest, RefusesAListingThatIsCutAnywhere) {
  const std::string whole =
      "<ListBucketResult><Prefix>p%2Fa</Prefix><EncodingType>url</EncodingType><Contents><Key>p%2Fa1</Key><Size>12</"
      "Size>"
      "</Contents><Contents><Key>p%2Fa2</Key><Size>34</Size></Contents><IsTruncated>false</IsTruncated>"
      "</ListBucketResult>";
  ListRequest asked;
  asked.prefix = "a";
  EXPECT_EQ(ParseS3List(whole, "p/", asked)->objects.size(), 2u);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseS3List(whole.substr(0, size), "p/", asked).ok()) << whole.substr(0, size);
  }
}

TEST(S3XmlTest, RefusesTheAnswerToAnotherRequest) {
  const std::string page =
      "<ListBucketResult><Prefix>p/a</Prefix><ContinuationToken>t1</ContinuationToken><IsTruncated>false</IsTruncated>"
      "</ListBucketResult>";
  ListRequest asked;
  asked.prefix = "a";
  asked.continuation = "t1";
  EXPECT_TRUE(ParseS3List(page, "p/", asked).ok());
  asked.continuation = "t2";
  EXPECT_FALSE(ParseS3List(page, "p/", asked).ok());
  asked.continuation = "t1";
  asked.prefix = "b";
  EXPECT_FALSE(ParseS3List(page, "p/", asked).ok());
}

TEST(S3XmlTest, ReadsErrors) {
  const auto error = ParseS3Error("<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>");
  EXPECT_EQ(error.code, "PermanentRedirect");
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_EQ(ParseS3Error("<html>busy</html>").code, "");
  EXPECT_EQ(ParseS3Error("").code, "");
}

TEST(S3XmlTest, ExternalEntitiesAreNotFollowed) {
  const auto error =
      ParseS3Error("<!DOCTYPE Error [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Error><Code>&x;</Code></Error>");
  EXPECT_EQ(error.code.find("root:"), std::string::npos);
}

TEST(S3XmlTest, ReadsTimes) {
  EXPECT_EQ(Rfc3339(ParseTime("2024-03-05T10:11:12Z")).substr(0, 19), "2024-03-05T10:11:12");
  EXPECT_EQ(HttpDate(ParseTime("Sun, 06 Nov 1994 08:49:37 GMT")), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ParseTime("yesterday"), WallTime{});
  EXPECT_EQ(ParseTime(""), WallTime{});
}

TEST(S3XmlTest, UnquotesETags) {
  EXPECT_EQ(UnquoteETag("\"abc\""), "abc");
  EXPECT_EQ(UnquoteETag("abc"), "abc");
  EXPECT_EQ(UnquoteETag("W/\"abc\""), "W/abc");
  EXPECT_EQ(UnquoteETag("\""), "\"");
  EXPECT_EQ(UnquoteETag(""), "");
}

}  // namespace
}  // namespace eider
