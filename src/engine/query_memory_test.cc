#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "engine/database.h"
#include "engine/text_sink.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

// DuckDB itself, with two threads and a memory_limit of so much, sorts what is below; with 32 MiB it does not.
constexpr std::uint64_t kLittle = 48 * kMiB;

// 128 MB of random numbers, which a sort can spill and no compression makes smaller, and a list of 160 MB, which
// nothing can spill.
std::string Sort(const std::string& tail) {
  std::string columns = "i";
  for (int column = 0; column < 16; ++column)
    columns += fmt::format(", hash(i + {}) AS c{}", column * 7'000'000, column);
  return fmt::format("SELECT {} FROM range(1000000) AS r(i) ORDER BY c0{}", columns, tail);
}

const std::string kSort = Sort(" OFFSET 999900");  // most of its rows need not be written
constexpr const char* kList = "SELECT len(list(range)) AS n FROM range(20000000)";

class QueryMemoryTest : public testing::Test {
 protected:
  void Open(std::uint64_t memory_bytes, std::uint64_t spill_bytes) {
    DatabaseOptions options;
    options.threads = 2;
    options.memory_bytes = memory_bytes;
    options.spill_bytes = spill_bytes;
    options.spill_folder = folder_.path();
    auto database = Database::Open(options);
    ASSERT_TRUE(database.ok()) << database.error().message;
    database_ = *std::move(database);
  }

  static Statement Bounded(const std::string& sql, std::uint64_t memory_bytes) {
    Statement statement;
    statement.sql = sql;
    statement.limits.memory = memory_bytes;
    return statement;
  }

  Result<std::string> Bytes(const std::string& sql, std::uint64_t memory_bytes = 0) {
    TextSink sink;
    const auto summary = database_->Run(Bounded(sql, memory_bytes), sink, {});
    if (!summary) return summary.error();
    return sink.text;
  }

  ErrorKind Failure(const std::string& sql, std::uint64_t memory_bytes) {
    const auto bytes = Bytes(sql, memory_bytes);
    return bytes ? ErrorKind::kInternal : bytes.error().kind;
  }

  // What the instance holds for bounded queries.
  std::string Held() { return *Bytes("SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'EXTENSION'"); }

  // Folders that bounded queries spill into.
  int SpillFolders() const {
    int folders = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      folders += entry.is_directory() ? 1 : 0;
    return folders;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(QueryMemoryTest, AboveItsBoundAQuerySpillsAndIsRight) {
  Open(1024 * kMiB, 1024 * kMiB);
  const auto free = Bytes(kSort);
  const auto bounded = Bytes(kSort, 64 * kMiB);
  ASSERT_TRUE(bounded.ok()) << bounded.error().message;
  EXPECT_TRUE(*bounded == *free);
  EXPECT_EQ(SpillFolders(), 0) << "once it has ended";
}

TEST_F(QueryMemoryTest, WhereItCannotSpillItFailsAlone) {
  Open(1024 * kMiB, 1 * kMiB);
  const auto sorted = Bytes(kSort, 64 * kMiB);
  ASSERT_FALSE(sorted.ok());
  EXPECT_EQ(sorted.error().kind, ErrorKind::kExhausted);
  EXPECT_NE(sorted.error().message.find("64.0 MiB of memory"), std::string::npos) << sorted.error().message;
  EXPECT_EQ(Failure(kList, 64 * kMiB), ErrorKind::kExhausted);
  EXPECT_TRUE(Bytes(kSort).ok()) << "without a bound it needs no disk";
  EXPECT_TRUE(Bytes(kList).ok());
  EXPECT_TRUE(Bytes(kList, 512 * kMiB).ok());
}

TEST_F(QueryMemoryTest, TheInstancesOwnLimitHoldsForAll) {
  Open(96 * kMiB, 1 * kMiB);
  EXPECT_EQ(Failure(kSort, 1024 * kMiB), ErrorKind::kExhausted);
  EXPECT_EQ(Failure(kList, 1024 * kMiB), ErrorKind::kExhausted);
  Open(96 * kMiB, 1024 * kMiB);
  EXPECT_TRUE(Bytes(kSort, 1024 * kMiB).ok()) << "it spills, as one without a bound does";
}

TEST_F(QueryMemoryTest, NothingIsHeldForAQueryThatHasEnded) {
  Open(256 * kMiB, 1024 * kMiB);
  for (int again = 0; again < 3; ++again) {
    EXPECT_TRUE(Bytes(kSort, 128 * kMiB).ok());
    EXPECT_EQ(Failure(kList, 64 * kMiB), ErrorKind::kExhausted);
    EXPECT_EQ(Held(), "memory_usage_bytes\r\n0\r\n");
  }
}

// Runs something in the middle of an answer.
class MiddleSink final : public Sink {
 public:
  explicit MiddleSink(std::function<void()> middle) : middle_(std::move(middle)) {}
  Status Write(std::span<const char>) override {
    if (const auto middle = std::exchange(middle_, nullptr)) middle();
    return {};
  }
  Status Close() override { return {}; }

 private:
  std::function<void()> middle_;
};

TEST_F(QueryMemoryTest, WhatItHoldsAndSpillsIsMissingElsewhere) {
  Open(512 * kMiB, 160 * kMiB);
  EXPECT_TRUE(Bytes(kSort, kLittle).ok());
  bool begun = false;
  MiddleSink sink([&] {
    begun = true;
    EXPECT_NE(Held(), "memory_usage_bytes\r\n0\r\n");
    EXPECT_EQ(SpillFolders(), 1);
    EXPECT_EQ(Failure(kSort, kLittle), ErrorKind::kExhausted) << "the disk is for all of them together";
    EXPECT_TRUE(Bytes(kSort).ok()) << "memory is left";
  });
  Statement statement = Bounded(Sort(""), 64 * kMiB);
  statement.format = Format::kArrow;  // written by the thread that runs it, as the rows come
  const auto done = database_->Run(statement, sink, {});
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_TRUE(begun);
  EXPECT_EQ(SpillFolders(), 0);
  EXPECT_TRUE(Bytes(kSort, kLittle).ok()) << "the disk is free again";
}

TEST_F(QueryMemoryTest, ABoundHoldsForEveryKindOfAnswer) {
  Open(1024 * kMiB, 1 * kMiB);
  Statement statement = Bounded(kList, 64 * kMiB);
  EXPECT_EQ(database_->Query(statement).error().kind, ErrorKind::kExhausted);
  for (const Format format : {Format::kJson, Format::kParquet, Format::kArrow, Format::kXlsx}) {
    statement.format = format;
    TextSink sink;
    EXPECT_EQ(database_->Run(statement, sink, {}).error().kind, ErrorKind::kExhausted);
  }
}

}  // namespace
}  // namespace eider
