#include "catalog/test_lake.h"

namespace eider {
namespace {

using CsvTest = TestLake;

TEST_F(CsvTest, TextThatLooksLikeNumbersKeepsWhatIsWritten) {
  Put("t.csv",
      "zip,phone,n,f,big,flag,stamp\n"
      "00501,+44123,1,1.50,12345678901234567890123,t,2001-01-01 00:00:00.123456789\n"
      "10001,12,-2,2,1,f,2001-01-01 00:00:00\n");
  EXPECT_EQ(Columns("t"), "zip VARCHAR, phone VARCHAR, n BIGINT, f DOUBLE, big VARCHAR, flag VARCHAR, stamp VARCHAR");
  EXPECT_EQ(Rows("t", "zip, phone, big, flag, stamp"),
            "00501|+44123|12345678901234567890123|t|2001-01-01 00:00:00.123456789;10001|12|1|f|2001-01-01 00:00:00");
}

TEST_F(CsvTest, ALeadingZeroFarDownKeepsTheColumnText) {
  std::string text = "zip,n\n";
  for (int i = 0; i < 60000; ++i) text += "10001,1\n";
  Put("t.csv", text + "00501,2\n");
  EXPECT_EQ(Columns("t"), "zip VARCHAR, n BIGINT");
  EXPECT_EQ(Rows("t", "max(zip), min(zip)"), "10001|00501");
}

TEST_F(CsvTest, AnEmptyFieldIsNullAndAQuotedOneIsEmptyText) {
  Put("t.csv", "a,b,c\n1,\"\",\"1\"\n,,\"\"\n3,x,\"3\"\n");
  EXPECT_EQ(Columns("t"), "a BIGINT, b VARCHAR, c BIGINT");
  EXPECT_EQ(Rows("t"), "1||1;-|-|-;3|x|3");
}

TEST_F(CsvTest, ReadsDatesBooleansAndQuotes) {
  Put("t.csv",
      "d,e,t,b,q\r\n2001-02-28,28/02/2001,2001-02-28T10:00:00,true,\"a\"\"b\r\nc\"\r\n,31/12/2001,,FALSE,\r\n");
  EXPECT_EQ(Find("t")->columns[3].type, "BOOLEAN");
  EXPECT_EQ(Find("t")->columns[0].type, "DATE");
  EXPECT_EQ(Rows("t", "d, t, b, q"), "2001-02-28|2001-02-28 10:00:00|true|a\"b\r\nc;-|-|false|-");
}

TEST_F(CsvTest, OtherDelimitersAndAHeaderAlone) {
  Put("semicolon.csv", "a;b\n1;x,y\n");
  Put("tab.csv", "a\tb\n1\tx\n");
  Put("header.csv", "a,b\n");
  Put("one.csv", "name\nx\ny\n");
  EXPECT_EQ(Rows("semicolon"), "1|x,y");
  EXPECT_EQ(Rows("tab"), "1|x");
  EXPECT_EQ(Columns("header"), "a VARCHAR, b VARCHAR");
  EXPECT_EQ(Rows("header"), "");
  EXPECT_EQ(Rows("one"), "x;y");
}

TEST_F(CsvTest, RaggedRowsNameObjectAndLine) {
  Put("short.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n");
  Put("early.csv", "a,b,c\n1,2\n3,4\n5,6\n");
  std::string text = "a,b,c\n";
  for (int i = 0; i < 50000; ++i) text += "1,2,3\n";
  Put("late.csv", text + "4,5,6,7\n");
  EXPECT_EQ(Failure("short").kind, ErrorKind::kCorrupt);
  EXPECT_PRED2(Holds, Failure("short").message, "object 'short.csv' is no readable CSV file: ");
  EXPECT_PRED2(Holds, Failure("short").message, "CSV Error on Line: 3;");
  EXPECT_PRED2(Holds, Failure("early").message, "Line: 2");
  EXPECT_PRED2(Holds, Failure("late").message, "CSV Error on Line: 50002;");
  EXPECT_PRED2(Holds, Failure("late").message, "Expected Number of Columns: 3 Found: 4");
}

TEST_F(CsvTest, BrokenObjectsAreNamed) {
  Put("zero.csv", "");
  Put("latin.csv", "a,b\n1,\xe9\n");
  std::string noise;
  for (int i = 0; i < 4000; ++i) noise += static_cast<char>((i * 7919 + i / 3 * 104729) % 256);
  Put("noise.csv", noise);
  Put("quote.csv", "a,b\n1,\"x\"y\n");
  EXPECT_PRED2(Holds, Failure("zero").message, "'zero.csv' is empty (zero bytes)");
  EXPECT_PRED2(Holds, Failure("latin").message, "not utf-8");
  for (const char* name : {"zero", "latin", "noise", "quote"}) {
    EXPECT_EQ(Failure(name).kind, ErrorKind::kCorrupt) << Failure(name).message;
    EXPECT_PRED2(Holds, Failure(name).message, std::string("'") + name + ".csv'");
  }
}

TEST_F(CsvTest, ObjectsShareTypesThatHoldAll) {
  Put("t/a.csv", "a,b,c,d\n1,1,1,2001-01-01\n");
  Put("t/b.csv", "a,b,c,d\n2,1.5,x,\n");
  Put("t/c.csv", "a,b,c,d\n");
  EXPECT_EQ(Columns("t"), "a BIGINT, b DOUBLE, c VARCHAR, d DATE");
  EXPECT_EQ(Rows("t"), "1|1.0|1|2001-01-01;2|1.5|x|-");
}

TEST_F(CsvTest, ObjectsOfOtherColumnsAreAnErrorUnlessUnited) {
  Put("t/a.csv", "a,b\n1,2\n");
  Put("t/b.csv", "a,c\n3,4\n");
  const Error error = Failure("t");
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_PRED2(Holds, error.message, "objects 't/a.csv' and 't/b.csv' differ: column 'b' is only in the first");
}

TEST_F(CsvTest, ObjectsWrittenOtherwiseAreReadInOrder) {
  Put("t/a.csv", "a,b\n1,x\n");
  Put("t/b.csv", "b;a\ny;2\n");
  Put("t/c.csv", "a,b\n3,z\n");
  EXPECT_EQ(Rows("t"), "1|x;2|y;3|z");
}

TEST_F(CsvTest, BeyondTheSampleOfABigObjectALossIsAnError) {
  const std::string padding(300, 'x');
  std::string text = "zip,note\n";
  while (text.size() < (65u << 20)) text += "10001," + padding + "\n";
  Put("good.csv", text);
  Put("late.csv", text + "00501,last\n");
  EXPECT_EQ(Columns("good"), "zip BIGINT, note VARCHAR");
  EXPECT_EQ(Rows("good", "min(zip), max(zip)"), "10001|10001");
  EXPECT_EQ(Columns("late"), "zip BIGINT, note VARCHAR");
  EXPECT_PRED2(Holds, Rows("late", "min(zip)"), "column 'zip' holds a value further down that is no plain number");
}

TEST_F(CsvTest, ManyColumns) {
  constexpr int kColumns = 2000;
  std::string header = "zip";
  std::string rows[] = {"00501", "10001"};
  for (int i = 1; i < kColumns; ++i) {
    header += ",c" + std::to_string(i);
    for (std::string& row : rows) row += i == 1 ? ",\"\"" : i == 2 ? ",t" : ",1";
  }
  Put("t.csv", header + "\n" + rows[0] + "\n" + rows[1] + "\n");
  const auto dataset = Find("t");
  ASSERT_EQ(dataset->columns.size(), static_cast<std::size_t>(kColumns));
  EXPECT_EQ(dataset->columns[0].type, "VARCHAR");
  EXPECT_EQ(dataset->columns[2].type, "VARCHAR");
  EXPECT_EQ(dataset->columns[kColumns - 1].type, "BIGINT");
  EXPECT_EQ(Rows("t", "zip, c2, c3"), "00501|t|1;10001|t|1");
}

}  // namespace
}  // namespace eider
