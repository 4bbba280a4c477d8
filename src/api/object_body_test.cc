#include "api/object_body.h"

#include <gtest/gtest.h>

#include "object/forwarding_store.h"
#include "object/memory_store.h"

namespace eider {
namespace {

constexpr std::size_t kPiece = ObjectBody::kPieceBytes;

// A store that answers a read when it is told to.
class LateStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  std::unique_ptr<PendingGet> StartGet(const GetRequest& request, ByteConsumer consume, GetDone done,
                                       const Call&) override {
    answer_ = [this, request, consume = std::move(consume), done = std::move(done)] {
      done(store_->Get(request, consume));
    };
    return std::make_unique<PendingGet>();
  }

  bool asked() const { return answer_ != nullptr; }
  void Answer() { std::exchange(answer_, nullptr)(); }

 private:
  std::function<void()> answer_;
};

class ObjectBodyTest : public testing::Test {
 protected:
  static std::string Bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
  }

  std::unique_ptr<ObjectBody> Make(ObjectStore& store, const std::string& bytes, std::optional<SpoolSpan> span = {}) {
    const auto object = store.Put("a.csv", bytes);
    return std::make_unique<ObjectBody>(store, *object, span.value_or(SpoolSpan{0, bytes.size()}),
                                        [this](const BodyOutcome& outcome) { outcomes_.push_back(outcome); });
  }

  // All until it pends, ends or fails.
  static std::string Drain(ObjectBody& body) {
    std::string out;
    std::vector<char> buffer(100'000);
    for (;;) {
      const auto piece = body.Read(buffer);
      if (!piece) return out + "<error>";
      if (piece->state == Body::State::kPending) return out + "<pending>";
      if (piece->state == Body::State::kEnd) return out;
      out.append(buffer.data(), piece->size);
    }
  }

  MemoryStore store_;
  std::vector<BodyOutcome> outcomes_;
};

TEST_F(ObjectBodyTest, WholeSpansAndNothing) {
  const std::string bytes = Bytes(2 * kPiece + 12345);
  const auto whole = Make(store_, bytes);
  EXPECT_EQ(whole->size(), bytes.size());
  EXPECT_EQ(store_.Count(StoreOperation::kGet), 0u);  // as for a HEAD
  EXPECT_TRUE(Drain(*whole) == bytes);
  EXPECT_EQ(store_.Count(StoreOperation::kGet), 3u);
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, BodyOutcome::Kind::kComplete);
  EXPECT_EQ(outcomes_[0].bytes, bytes.size());
  for (const SpoolSpan span : {SpoolSpan{0, 1}, SpoolSpan{kPiece - 1, kPiece + 1}, SpoolSpan{5, kPiece + 5},
                               SpoolSpan{bytes.size() - 1, bytes.size()}}) {
    EXPECT_TRUE(Drain(*Make(store_, bytes, span)) == bytes.substr(span.begin, span.end - span.begin)) << span.begin;
  }
  EXPECT_EQ(Drain(*Make(store_, "")), "");
}

TEST_F(ObjectBodyTest, OnePieceIsFetchedAhead) {
  const std::string bytes = Bytes(5 * kPiece);
  const auto body = Make(store_, bytes);
  char first = 0;
  ASSERT_TRUE(body->Read({&first, 1}).ok());
  EXPECT_EQ(store_.Count(StoreOperation::kGet), 2u);
}

TEST_F(ObjectBodyTest, AReaderIsWokenWhenAPieceHasCome) {
  auto memory = std::make_unique<MemoryStore>();
  LateStore store(std::move(memory));
  const std::string bytes = Bytes(kPiece + 1);
  const auto body = Make(store, bytes);
  int woken = 0;
  EXPECT_EQ(Drain(*body), "<pending>");
  body->WhenReadable([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  store.Answer();
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(Drain(*body) == bytes.substr(0, kPiece) + "<pending>");
  store.Answer();
  body->WhenReadable([&] { ++woken; });  // it has come already
  EXPECT_EQ(woken, 2);
  EXPECT_TRUE(Drain(*body) == bytes.substr(kPiece));
  EXPECT_FALSE(store.asked());
}

TEST_F(ObjectBodyTest, WhatChangesOrGoesIsCut) {
  const std::string bytes = Bytes(4 * kPiece);
  for (const bool removed : {false, true}) {
    outcomes_.clear();
    const auto body = Make(store_, bytes);
    char first = 0;
    ASSERT_TRUE(body->Read({&first, 1}).ok());
    ASSERT_TRUE(removed ? store_.Delete("a.csv").ok() : store_.Put("a.csv", std::string_view("other")).ok());
    EXPECT_TRUE(Drain(*body) == bytes.substr(1, 2 * kPiece - 1) + "<error>");
    ASSERT_EQ(outcomes_.size(), 1u);
    EXPECT_EQ(outcomes_[0].kind, BodyOutcome::Kind::kError);
  }
}

TEST_F(ObjectBodyTest, AReaderThatLeavesIsTold) {
  { const auto body = Make(store_, Bytes(10)); }
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, BodyOutcome::Kind::kLeft);
}

}  // namespace
}  // namespace eider
