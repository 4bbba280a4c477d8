#include "engine/real_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "engine/database.h"

namespace eider {
namespace {

template <class Real>
std::string Text(Real value) {
  char text[kRealTextBytes];
  return std::string(text, WriteReal(value, text));
}

TEST(RealTextTest, WritesAsDuckDbDoes) {
  EXPECT_EQ(Text(0.0), "0.0");
  EXPECT_EQ(Text(-0.0), "-0.0");
  EXPECT_EQ(Text(1.0), "1.0");
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(0.1f), "0.1");
  EXPECT_EQ(Text(1e15), "1000000000000000.0");
  EXPECT_EQ(Text(1e16), "1e+16");
  EXPECT_EQ(Text(1e-4), "0.0001");
  EXPECT_EQ(Text(1.5e-5), "1.5e-05");
  EXPECT_EQ(Text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(Text(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(Text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(Text(std::nan("")), "nan");
}

// DuckDB's format() still writes numbers with the library that its own cast uses.
TEST(RealTextTest, AgreesWithDuckDbOnRandomBits) {
  const auto database = *Database::Open({});
  std::mt19937_64 random(7);
  for (int batch = 0; batch < 10; ++batch) {
    std::string values;
    for (int i = 0; i < 1000; ++i) {
      double value = std::bit_cast<double>(random());
      if (i % 3 == 0) value = static_cast<double>(static_cast<std::int64_t>(random() % 2'000'000'000)) / 1e4;
      if (i % 3 == 1) value = std::ldexp(static_cast<double>(random() >> 11), -static_cast<int>(random() % 110));
      if (!std::isfinite(value)) value = 0.5;
      values += (i == 0 ? "" : ", ") + Text(value) + "::DOUBLE";
      const auto narrow = static_cast<float>(value);
      EXPECT_TRUE(!std::isfinite(narrow) || std::strtof(Text(narrow).c_str(), nullptr) == narrow) << narrow;
      EXPECT_EQ(std::strtod(Text(value).c_str(), nullptr), value);
    }
    Statement statement;
    statement.sql = "SELECT v::VARCHAR, format('{}', v) FROM (SELECT unnest([" + values + "]) AS v)";
    const auto table = database->Query(statement);
    ASSERT_TRUE(table.ok()) << table.error().message;
    EXPECT_EQ(table->rows.size(), 1000u);
    for (const auto& row : table->rows) {
      ASSERT_EQ(row[0], row[1]);
    }
  }
}

}  // namespace
}  // namespace eider
