#include "engine/spool.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

namespace eider {
namespace {

std::string Pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 31 % 26);
  return text;
}

std::string ReadAll(const Spool& spool, std::size_t piece) {
  std::string out;
  std::string buffer(piece, '\0');
  for (;;) {
    const auto n = spool.Read(out.size(), buffer);
    EXPECT_TRUE(n.ok());
    if (*n == 0) return out;
    out.append(buffer, 0, *n);
  }
}

class SpoolTest : public testing::Test {
 protected:
  SpoolQuota quota_{1 << 30};
  Spool spool_{testing::TempDir(), quota_, [] { return false; }};
};

TEST_F(SpoolTest, ASmallResultNeedsNoFile) {
  ASSERT_TRUE(spool_.Write(Pattern(1000)).ok());
  EXPECT_EQ(quota_.used_bytes(), 0u);
  EXPECT_EQ(ReadAll(spool_, 300), Pattern(1000));
}

TEST_F(SpoolTest, ALargeOneIsReadFromAnyOffset) {
  const std::string text = Pattern(3'000'000);
  for (std::size_t at = 0; at < text.size(); at += 50'001) {
    ASSERT_TRUE(spool_.Write(std::string_view(text).substr(at, 50'001)).ok());
  }
  EXPECT_EQ(ReadAll(spool_, 70'000), text);
  std::string out(10, '\0');
  for (const std::size_t at : {Spool::kHeadBytes - 5, Spool::kHeadBytes, std::size_t{2'999'990}}) {
    std::string read;
    while (read.size() < 10) {
      const auto n = spool_.Read(at + read.size(), std::span(out).first(10 - read.size()));
      ASSERT_GT(*n, 0u);
      read.append(out, 0, *n);
    }
    EXPECT_EQ(read, text.substr(at, 10));
  }
  EXPECT_EQ(*spool_.Read(text.size(), out), 0u);
}

TEST_F(SpoolTest, WakesTheFirstReaderAtOnceAndGathersLaterWakes) {
  int woken = 0;
  spool_.Wait(0, [&] { ++woken; });
  EXPECT_EQ(woken, 0);
  ASSERT_TRUE(spool_.Write(std::string_view("x")).ok());
  EXPECT_EQ(woken, 1);
  spool_.Wait(0, [&] { ++woken; });
  EXPECT_EQ(woken, 2) << "there are bytes already";
  ASSERT_TRUE(spool_.Write(Pattern(Spool::kHeadBytes)).ok());
  spool_.Wait(Spool::kHeadBytes + 1, [&] { ++woken; });
  ASSERT_TRUE(spool_.Write(Pattern(100)).ok());
  EXPECT_EQ(woken, 2);
  ASSERT_TRUE(spool_.Write(Pattern(Spool::kWakeBytes)).ok());
  EXPECT_EQ(woken, 3);
  spool_.Wait(spool_.state().size_bytes, [&] { ++woken; });
  SpoolEnd end;
  end.rows = 5;
  spool_.Finish(end);
  EXPECT_EQ(woken, 4);
  EXPECT_EQ(spool_.state().end->rows, 5u);
}

TEST_F(SpoolTest, WhoWaitsForTheEndIsNotWokenBefore) {
  int woken = 0;
  spool_.Wait(Spool::kUntilEnd, [&] { ++woken; });
  ASSERT_TRUE(spool_.Write(Pattern(1'000'000)).ok());
  EXPECT_EQ(woken, 0);
  spool_.Finish({});
  EXPECT_EQ(woken, 1);
}

TEST_F(SpoolTest, AForgottenWaiterIsNotCalled) {
  spool_.Forget(spool_.Wait(0, [] { FAIL(); }));
  spool_.Fail(Internal("x"));
  EXPECT_EQ(spool_.state().error->message, "x");
}

TEST_F(SpoolTest, ReadersSeeOnlyWholeWritesWhileItGrows) {
  const std::string text = Pattern(4'000'000);
  std::thread writer([&] {
    for (std::size_t at = 0; at < text.size(); at += 32768) {
      EXPECT_TRUE(spool_.Write(std::string_view(text).substr(at, 32768)).ok());
    }
    spool_.Finish({});
  });
  std::string out;
  std::string buffer(100'000, '\0');
  while (out.size() < text.size()) {
    const auto n = spool_.Read(out.size(), buffer);
    ASSERT_TRUE(n.ok());
    out.append(buffer, 0, *n);
  }
  writer.join();
  EXPECT_EQ(out, text);
}

TEST(SpoolQuotaTest, AFullQuotaAsksForRoomAndThenFails) {
  SpoolQuota quota(8 << 20);
  int asked = 0;
  Spool spool(testing::TempDir(), quota, [&] { return ++asked < 3; });
  ASSERT_TRUE(spool.Write(Pattern(6 << 20)).ok());
  const auto status = spool.Write(Pattern(6 << 20));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(asked, 3);
}

TEST(SpoolQuotaTest, AFolderThatIsGoneIsAClearError) {
  SpoolQuota quota(8 << 20);
  Spool spool("/nonexistent/folder", quota, [] { return false; });
  const auto status = spool.Write(Pattern(1 << 20));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("/nonexistent/folder"), std::string::npos);
}

}  // namespace
}  // namespace eider
