#include "engine/real_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "duckdb.hpp"

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

// By a DuckDB without Eider's cast.
class RealTextAgainstDuckDbTest : public testing::Test {
 protected:
  // What its cast says of numbers that are written so.
  std::vector<std::string> Casts(const std::vector<std::string>& numbers, const std::string& type) {
    std::string values;
    for (const std::string& number : numbers) values += (values.empty() ? "'" : ", '") + number + "'";
    const auto result =
        connection_.Query("SELECT v::" + type + "::VARCHAR FROM (SELECT unnest([" + values + "]) AS v)");
    EXPECT_FALSE(result->HasError()) << result->GetError();
    std::vector<std::string> casts;
    for (duckdb::idx_t i = 0; i < result->RowCount(); ++i) casts.push_back(result->GetValue(0, i).ToString());
    return casts;
  }

  duckdb::DuckDB database_;
  duckdb::Connection connection_{database_};
};

TEST_F(RealTextAgainstDuckDbTest, AgreesOnRandomBits) {
  std::mt19937_64 random(7);
  for (int batch = 0; batch < 10; ++batch) {
    std::vector<std::string> wide;
    std::vector<std::string> narrow;
    for (int i = 0; i < 1000; ++i) {
      double value = std::bit_cast<double>(random());
      if (i % 3 == 0) value = static_cast<double>(static_cast<std::int64_t>(random() % 2'000'000'000)) / 1e4;
      if (i % 3 == 1) value = std::ldexp(static_cast<double>(random() >> 11), -static_cast<int>(random() % 110));
      if (!std::isfinite(value)) value = 0.5;
      wide.push_back(Text(value));
      EXPECT_EQ(std::strtod(wide.back().c_str(), nullptr), value);
      auto small = static_cast<float>(value);
      if (i % 3 == 2) small = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
      if (!std::isfinite(small)) small = 0.5F;
      narrow.push_back(Text(small));
      EXPECT_EQ(std::strtof(narrow.back().c_str(), nullptr), small);
    }
    EXPECT_EQ(Casts(wide, "DOUBLE"), wide);
    // Of 200 FLOATs there is one that DuckDB's writer cannot shorten: it writes all digits of the exact value.
    const std::vector<std::string> casts = Casts(narrow, "FLOAT");
    for (std::size_t i = 0; i < casts.size(); ++i) {
      EXPECT_TRUE(casts[i] == narrow[i] || casts[i].size() > narrow[i].size() ||
                  casts[i].find_last_not_of("0.") > narrow[i].find_last_not_of("0."))
          << casts[i] << " " << narrow[i];
    }
  }
}

// A FLOAT holds whole numbers of sixteen digits, of which DuckDB writes those that tell it from its neighbours.
TEST_F(RealTextAgainstDuckDbTest, LargeFloatsHaveTheShortestDigits) {
  EXPECT_EQ(Text(945804224.0F), "945804200.0");
  EXPECT_EQ(Text(7435464474624.0F), "7435464500000.0");
  EXPECT_EQ(Text(16777218.0F), "16777218.0");
  EXPECT_EQ(Casts({"945804224", "7435464474624"}, "FLOAT"),
            std::vector<std::string>({Text(945804224.0F), Text(7435464474624.0F)}));
}

}  // namespace
}  // namespace eider
