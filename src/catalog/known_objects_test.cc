#include "catalog/known_objects.h"

#include <atomic>
#include <thread>

#include "catalog/test_lake.h"
#include "object/forwarding_store.h"

namespace eider {
namespace {

class KnownObjectsTest : public TestLake {
 protected:
  Catalog& OpenAged(std::chrono::seconds age) {
    CatalogOptions options;
    options.listing_age = age;
    options.clock = [this] { return now_; };
    options.config_yaml = "datasets: {t: {objects: [a.parquet, b.parquet]}}";
    return Open(options);
  }

  SteadyTime now_{};
};

TEST_F(KnownObjectsTest, WarmObjectsNeedNoRequestWhileTheyAreBelieved) {
  PutParquet("a.parquet", "SELECT 1 AS id");
  PutParquet("b.parquet", "SELECT 2 AS id");
  OpenAged(std::chrono::seconds(5));
  const auto first = Find("t");
  store_.ForgetRequests();
  now_ += std::chrono::seconds(4);
  EXPECT_EQ(Find("t"), first);
  EXPECT_EQ(store_.requests().size(), 0u);
  now_ += std::chrono::seconds(2);
  EXPECT_EQ(Find("t"), first);
  EXPECT_EQ(store_.requests().size(), 2u);
}

TEST_F(KnownObjectsTest, EachObjectIsRevalidatedByOneRequestThatBringsNoBytes) {
  PutParquet("a.parquet", "SELECT 1 AS id");
  PutParquet("b.parquet", "SELECT 2 AS id");
  OpenAged(std::chrono::seconds(0));
  const auto first = Find("t");
  store_.ForgetRequests();
  std::atomic<std::uint64_t> bytes{0};
  store_.OnPiece([&](const std::string&, std::uint64_t, std::string& piece) -> Status {
    bytes += piece.size();
    return {};
  });
  EXPECT_EQ(Find("t"), first);
  EXPECT_EQ(store_.requests().size(), 2u);
  EXPECT_EQ(bytes, 0u);

  PutParquet("b.parquet", "SELECT 3 AS id");
  store_.ForgetRequests();
  const auto changed = Find("t");
  EXPECT_NE(changed, first);
  EXPECT_GT(bytes, 0u);
  EXPECT_EQ(Rows("t"), "1;3");

  ASSERT_TRUE(store_.Delete("b.parquet").ok());
  EXPECT_EQ(Failure("t").kind, ErrorKind::kNotFound);
  PutParquet("b.parquet", "SELECT 4 AS id");
  EXPECT_EQ(Rows("t"), "1;4");
}

// As a store does whose first answer was of a new object and broke off, and which held a newer one when asked to go on.
class ReplacedMeanwhile final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) override {
    if (request.if_none_match.empty()) return store_->Get(request, consume, call);
    call.on_retry(RetryCause::kOther);
    return Error{ErrorKind::kConflict, "replaced while it was read", {}};
  }
};

TEST_F(KnownObjectsTest, AConflictAfterARepetitionIsNoProofOfTheOldVersion) {
  auto memory = std::make_unique<MemoryStore>();
  ASSERT_TRUE(memory->Put("a.parquet", std::string_view("old")).ok());
  MemoryStore& objects = *memory;
  ReplacedMeanwhile store(std::move(memory));
  KnownObjects known(store, std::chrono::milliseconds(0), SystemSteadyClock());
  const auto old = known.Get("a.parquet", {});
  ASSERT_TRUE(objects.Put("a.parquet", std::string_view("newer")).ok());
  const auto now = known.Get("a.parquet", {});
  ASSERT_TRUE(old.ok() && now.ok());
  EXPECT_NE(now->info.etag, old->info.etag);
  EXPECT_EQ(*now->tail, "newer");
}

TEST_F(KnownObjectsTest, ObjectsAreLookedUpSideBySide) {
  std::string yaml = "datasets: {t: {objects: [";
  for (int i = 0; i < 32; ++i) {
    PutParquet("o" + std::to_string(i) + ".parquet", "SELECT 1 AS id");
    yaml += "o" + std::to_string(i) + ".parquet, ";
  }
  Catalog& lake = OpenWith(yaml + "]}}");
  ASSERT_TRUE(lake.Find("t").ok());
  // None is answered before all have been asked.
  std::atomic<int> asked{0};
  store_.OnRequest([&](const StoreRequest&) -> Status {
    ++asked;
    while (asked < 32) std::this_thread::yield();
    return {};
  });
  EXPECT_TRUE(lake.Find("t").ok());
  EXPECT_EQ(asked, 32);
}

TEST_F(KnownObjectsTest, ARefreshLooksAgain) {
  PutParquet("a.parquet", "SELECT 1 AS id");
  PutParquet("b.parquet", "SELECT 2 AS id");
  OpenAged(std::chrono::seconds(5));
  EXPECT_EQ(Rows("t"), "1;2");
  PutParquet("a.parquet", "SELECT 7 AS id");
  catalog().Refresh();
  EXPECT_EQ(Rows("t"), "7;2");
}

TEST_F(KnownObjectsTest, AListedDatasetIsRevalidatedByItsListing) {
  for (int i = 0; i < 20; ++i) PutParquet("d/" + std::to_string(i) + ".parquet", "SELECT 1 AS id");
  Open();
  Find("d");
  store_.ForgetRequests();
  EXPECT_EQ(Find("d")->snapshot->objects().size(), 20u);
  EXPECT_EQ(store_.requests().size(), 2u);  // "d." and "d/"
  EXPECT_EQ(store_.Count(StoreOperation::kList), 2u);
  PutParquet("d/new.parquet", "SELECT 2 AS id");
  EXPECT_EQ(Find("d")->snapshot->objects().size(), 21u);
}

TEST_F(KnownObjectsTest, TheListingsOfANameAreAskedAtOnce) {
  PutParquet("d/1.parquet", "SELECT 1 AS id");
  Open();
  std::atomic<int> asked{0};
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kList) return {};
    ++asked;
    while (asked < 2) std::this_thread::yield();
    return {};
  });
  EXPECT_EQ(Find("d")->snapshot->objects().size(), 1u);
}

TEST_F(KnownObjectsTest, TheEndsOfJsonObjectsAreLookedAtSideBySide) {
  for (int i = 0; i < 8; ++i) Put("d/" + std::to_string(i) + ".json", "[{\"a\":1}]");
  Open();
  std::atomic<int> asked{0};
  store_.OnRequest([&](const StoreRequest& request) -> Status {
    if (request.operation != StoreOperation::kGet) return {};
    ++asked;
    while (asked < 8) std::this_thread::yield();
    return {};
  });
  EXPECT_EQ(Find("d")->snapshot->objects().size(), 8u);
}

}  // namespace
}  // namespace eider
