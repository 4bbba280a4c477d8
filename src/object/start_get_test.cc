// What only StartGet promises: it ends when it is destroyed, at any point; many run at once without threads; and it
// tells of its retries.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "object/http_imposter.h"
#include "object/object_store.h"

namespace eider {
namespace {

using Then = ImposterReply::Then;

ImposterReply Part(std::uint64_t first, const std::string& bytes, std::uint64_t size, Then then = Then::kKeep) {
  return Answer(206,
                {{"ETag", "\"e1\""},
                 {"Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(first + bytes.size() - 1) +
                                       "/" + std::to_string(size)}},
                bytes, then);
}

// Lets one thread wait until another came to some point.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Await() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class StartGetTest : public testing::Test {
 protected:
  void SetUp() override {
    options_ = S3OptionsOf(imposter_);
    Open();
  }
  void Open() { store_ = *OpenStore("s3://bucket", options_); }

  std::unique_ptr<PendingGet> Start(ByteConsumer consume, GetDone done, const Call& call = {}) {
    return store_->StartGet({"a.bin", ByteRange::Span(0, 10), {}, {}}, std::move(consume), std::move(done), call);
  }

  HttpImposter imposter_;
  StoreOptions options_;
  std::unique_ptr<ObjectStore> store_;
};

// Nothing of a cancelled read may be called; what it refers to is gone.
struct Doomed {
  std::atomic<bool> gone{false};
  std::atomic<int> late{0};
  ByteConsumer consume() {
    return [this](std::span<const char>) {
      late += gone;
      return true;
    };
  }
  GetDone done() {
    return [this](const Result<ObjectInfo>&) { late += gone; };
  }
};

TEST_F(StartGetTest, EndsBeforeItIsSent) {
  imposter_.Otherwise([](const ImposterRequest&) { return Part(0, "0123456789", 20); });
  Doomed doomed;
  for (int i = 0; i < 200; ++i) {
    doomed.gone = false;
    auto get = Start(doomed.consume(), doomed.done());
    get.reset();
    doomed.gone = true;
    std::this_thread::yield();
  }
  store_.reset();
  EXPECT_EQ(doomed.late, 0);
}

TEST_F(StartGetTest, EndsWhileTheServerIsSilent) {
  Gate asked;
  imposter_.Otherwise([&](const ImposterRequest&) {
    asked.Open();
    return ImposterReply{"", Then::kStall};
  });
  Doomed doomed;
  auto get = Start(doomed.consume(), doomed.done());
  asked.Await();
  get.reset();
  doomed.gone = true;
  store_.reset();  // waits for what is left of the exchange, and not for the server
  EXPECT_EQ(doomed.late, 0);
}

TEST_F(StartGetTest, EndsInMidBody) {
  imposter_.Otherwise([](const ImposterRequest&) {
    ImposterReply reply = Part(0, "0123456789", 20, Then::kStall);
    reply.bytes.resize(reply.bytes.size() - 4);
    return reply;
  });
  Gate begun;
  Doomed doomed;
  auto get = Start(
      [&](std::span<const char>) {
        begun.Open();
        doomed.late += doomed.gone;
        return true;
      },
      doomed.done());
  begun.Await();
  get.reset();
  doomed.gone = true;
  store_.reset();
  EXPECT_EQ(doomed.late, 0);
}

TEST_F(StartGetTest, EndsBetweenRetries) {
  imposter_.Otherwise([](const ImposterRequest&) { return Answer(503, {{"Retry-After", "15"}}); });
  Gate refused;
  Doomed doomed;
  Call call;
  call.on_retry = [&](RetryCause) { refused.Open(); };
  auto get = Start(doomed.consume(), doomed.done(), call);
  refused.Await();
  get.reset();
  doomed.gone = true;
  store_.reset();
  EXPECT_EQ(doomed.late, 0);
  EXPECT_EQ(imposter_.requests().size(), 1u);
}

// A callback that waits for what comes after StartGet would keep StartGet from returning: the reply comes later.
TEST_F(StartGetTest, ItsDestructorWaitsForARunningCallback) {
  Gate returned;
  imposter_.Otherwise([&](const ImposterRequest&) {
    returned.Await();
    return Part(0, "0123456789", 20);
  });
  Gate inside;
  std::atomic<bool> destroying{false};
  std::atomic<bool> left{false};
  auto get = Start(
      [&](std::span<const char>) {
        inside.Open();
        while (!destroying) std::this_thread::yield();
        for (int i = 0; i < 1000; ++i) std::this_thread::yield();
        left = true;
        return true;
      },
      [](const Result<ObjectInfo>&) {});
  returned.Open();
  inside.Await();
  destroying = true;
  get.reset();
  EXPECT_TRUE(left);
}

TEST_F(StartGetTest, ACallbackMayDestroyItsOwnRead) {
  for (const bool in_consume : {true, false}) {
    Gate started;
    Gate over;
    imposter_.Otherwise([&](const ImposterRequest&) {
      started.Await();
      return Part(0, "0123456789", 20);
    });
    std::unique_ptr<PendingGet> get;
    const auto destroy = [&] {
      get.reset();
      over.Open();
    };
    get = Start(
        [&](std::span<const char>) {
          if (in_consume) destroy();
          return true;
        },
        [&](const Result<ObjectInfo>&) {
          EXPECT_FALSE(in_consume);
          destroy();
        });
    started.Open();
    over.Await();
  }
}

TEST_F(StartGetTest, ADoneCallbackMayStartTheNextRead) {
  imposter_.Otherwise([](const ImposterRequest&) { return Part(0, "0123456789", 20); });
  constexpr std::size_t kChain = 20;
  std::atomic<std::size_t> over{0};
  Gate all_kept;
  std::mutex mutex;
  std::vector<std::unique_ptr<PendingGet>> gets;
  std::function<void()> next = [&] {
    auto get = Start([](std::span<const char>) { return true; },
                     [&](const Result<ObjectInfo>& got) {
                       EXPECT_TRUE(got.ok());
                       if (++over < kChain) next();
                     });
    const std::lock_guard lock(mutex);
    gets.push_back(std::move(get));
    if (gets.size() == kChain) all_kept.Open();
  };
  next();
  all_kept.Await();
  gets.clear();  // waits for callbacks
  EXPECT_GE(over, kChain - 1);
}

TEST_F(StartGetTest, TellsOfItsRetries) {
  imposter_.Next(Answer(503));
  imposter_.Next(Answer(429));
  imposter_.Next(Answer(500));
  imposter_.Next(Part(0, "0123456789", 20));
  Gate over;
  std::vector<RetryCause> causes;
  Call call;
  call.on_retry = [&](RetryCause cause) { causes.push_back(cause); };
  const auto get = Start([](std::span<const char>) { return true; },
                         [&](const Result<ObjectInfo>& got) {
                           EXPECT_TRUE(got.ok());
                           over.Open();
                         },
                         call);
  over.Await();
  EXPECT_EQ(causes, (std::vector{RetryCause::kOverload, RetryCause::kOverload, RetryCause::kOther}));
}

TEST_F(StartGetTest, WhatIsWrongWithTheRequestIsSaidAtOnce) {
  bool said = false;
  const auto get = store_->StartGet(
      {"../a", {}, {}, {}}, [](std::span<const char>) { return true; },
      [&](const Result<ObjectInfo>& got) { said = !got.ok(); });
  EXPECT_TRUE(said);
  EXPECT_TRUE(imposter_.requests().empty());
}

// Two thousand at once over few connections, some broken off by the server and some by us.
TEST_F(StartGetTest, ManyAtOnce) {
  constexpr std::size_t kGets = 2000;
  constexpr std::uint64_t kLength = 100;
  std::string object(kGets * kLength, '\0');
  for (std::size_t i = 0; i < object.size(); ++i) object[i] = static_cast<char>((i * 2654435761u) >> 13);
  std::atomic<int> served{0};
  imposter_.Otherwise([&](const ImposterRequest& request) {
    const std::string range = request.Header("Range").substr(6);
    const std::uint64_t first = std::stoull(range);
    const std::uint64_t last = std::stoull(range.substr(range.find('-') + 1));
    ImposterReply reply = Part(first, object.substr(first, last - first + 1), object.size());
    const int number = served++;
    if (number % 31 == 0) {
      reply.bytes.resize(reply.bytes.size() - (last - first) / 2);
      reply.then = Then::kReset;
    }
    return number % 17 == 0 ? Answer(503) : reply;
  });
  struct Read {
    std::string bytes;
    std::unique_ptr<PendingGet> get;
  };
  std::vector<Read> reads(kGets);
  std::atomic<std::size_t> fine{0};
  std::atomic<std::size_t> over{0};
  Gate all;
  constexpr std::size_t kCancelled = kGets / 10;
  for (std::size_t i = 0; i < kGets; ++i) {
    reads[i].get = store_->StartGet(
        {"a.bin", ByteRange::Span(i * kLength, kLength), "e1", {}},
        [&reads, i](std::span<const char> bytes) {
          reads[i].bytes.append(bytes.data(), bytes.size());
          return true;
        },
        [&, i](const Result<ObjectInfo>& got) {
          fine += got.ok() && reads[i].bytes == object.substr(i * kLength, kLength);
          if (i % 10 != 0 && ++over == kGets - kCancelled) all.Open();
        });
  }
  for (std::size_t i = 0; i < kGets; i += 10) reads[i].get.reset();
  all.Await();
  EXPECT_GE(fine, kGets - kCancelled);
  for (Read& read : reads) read.get.reset();
  for (std::size_t i = 0; i < kGets; ++i) {
    if (i % 10 != 0) {
      ASSERT_EQ(reads[i].bytes, object.substr(i * kLength, kLength));
    }
  }
}

}  // namespace
}  // namespace eider
