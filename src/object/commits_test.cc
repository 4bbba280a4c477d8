#include "object/commits.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>

#include "object/memory_store.h"

namespace eider {
namespace {

std::unique_ptr<Upload> Begin(MemoryStore& store, const std::string& key) {
  auto upload = store.StartUpload(key);
  EXPECT_TRUE(upload.ok());
  const std::string bytes = "bytes of " + key;
  EXPECT_TRUE((*upload)->Write(bytes).ok());
  return *std::move(upload);
}

TEST(Commits, CommitsEachUploadOnce) {
  MemoryStore store;
  Commits commits;
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(commits.Add(Begin(store, fmt::format("k{}", i)), 10).ok());
  ASSERT_TRUE(commits.Finish().ok());
  EXPECT_EQ(commits.done().size(), 200u);
  EXPECT_EQ(store.Count(StoreOperation::kCommit), 200u);
}

TEST(Commits, GoSideBySide) {
  MemoryStore store;
  std::latch both(2);  // a commit alone would wait for ever
  store.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation == StoreOperation::kCommit) both.arrive_and_wait();
    return {};
  });
  Commits commits;
  ASSERT_TRUE(commits.Add(Begin(store, "a"), 1).ok());
  ASSERT_TRUE(commits.Add(Begin(store, "b"), 1).ok());
  EXPECT_TRUE(commits.Finish().ok());
}

TEST(Commits, HoldFewBytesAtOnce) {
  MemoryStore store;
  std::atomic<int> open{0};
  std::atomic<int> most{0};
  store.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kCommit) return {};
    const int now = ++open;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    --open;
    return {};
  });
  Commits commits;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(commits.Add(Begin(store, fmt::format("k{}", i)), 20 << 20).ok());
  ASSERT_TRUE(commits.Finish().ok());
  EXPECT_EQ(most, 1);
}

TEST(Commits, NothingIsCommittedAfterAFailure) {
  MemoryStore store;
  store.OnRequest([](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kCommit) return {};
    return Error{ErrorKind::kUnavailable, "the store is down", {}};
  });
  Commits commits;
  ASSERT_TRUE(commits.Add(Begin(store, "a"), 1).ok());
  EXPECT_EQ(commits.Finish().error().message, "the store is down");
  store.OnRequest({});
  EXPECT_FALSE(commits.Add(Begin(store, "b"), 1).ok());
  EXPECT_FALSE(commits.Finish().ok());
  EXPECT_TRUE(commits.done().empty());
  EXPECT_FALSE(store.Head("b").ok());
}

TEST(Commits, LeavingAbortsWhatWaits) {
  MemoryStore store;
  { Commits commits; }
  EXPECT_EQ(store.Count(StoreOperation::kCommit), 0u);
}

}  // namespace
}  // namespace eider
