#include "object/conformance.h"

#include <atomic>
#include <set>
#include <thread>

namespace eider {

// A span made of a literal would hold its NUL as well.
using namespace std::string_literals;

ObjectInfo StoreConformance::Put(const std::string& key, const std::string& bytes) {
  auto put = store_->Put(key, bytes);
  EXPECT_TRUE(put.ok()) << key << ": " << put.error().message;
  return put.ok() ? *put : ObjectInfo{};
}

std::string StoreConformance::Read(const std::string& key, ByteRange range) {
  std::string bytes;
  GetRequest request;
  request.key = key;
  request.range = range;
  const auto got = store_->Get(request, [&](std::span<const char> piece) {
    bytes.append(piece.data(), piece.size());
    return true;
  });
  EXPECT_TRUE(got.ok()) << key << ": " << got.error().message;
  return bytes;
}

namespace {

const ByteConsumer kIgnore = [](std::span<const char>) { return true; };

template <class T>
std::string KindOf(const Result<T>& result) {
  return result.ok() ? "ok" : std::string(ErrorKindName(result.error().kind));
}

std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

std::vector<std::string> KeysOf(const ListPage& page) {
  std::vector<std::string> keys;
  for (const ObjectInfo& object : page.objects) keys.push_back(object.key);
  return keys;
}

using Keys = std::vector<std::string>;

TEST_P(StoreConformance, ReadsBackWhatWasPut) {
  const std::string bytes = Pattern(100'000);
  const ObjectInfo put = Put("a/b.bin", bytes);
  EXPECT_EQ(put.key, "a/b.bin");
  EXPECT_EQ(put.size_bytes, bytes.size());
  EXPECT_FALSE(put.etag.empty());
  EXPECT_EQ(Read("a/b.bin"), bytes);

  const auto head = store_->Head("a/b.bin");
  ASSERT_TRUE(head.ok()) << head.error().message;
  EXPECT_EQ(head->key, "a/b.bin");
  EXPECT_EQ(head->size_bytes, bytes.size());
  EXPECT_EQ(head->etag, put.etag);
  EXPECT_EQ(head->etag.find('"'), std::string::npos);
  const auto age = SystemWallClock()() - head->last_modified;
  EXPECT_LT(age, std::chrono::minutes(5));
  EXPECT_GT(age, -std::chrono::minutes(5));
}

TEST_P(StoreConformance, HoldsAnEmptyObject) {
  Put("empty", "");
  EXPECT_EQ(Read("empty"), "");
  EXPECT_EQ(Read("empty", ByteRange::Suffix(8)), "");
  EXPECT_EQ(store_->Head("empty")->size_bytes, 0u);
  EXPECT_EQ(KindOf(store_->Get({"empty", ByteRange::Span(0, 1), {}, {}}, kIgnore)), "invalid");
}

TEST_P(StoreConformance, ReadsRanges) {
  const std::string bytes = Pattern(1000);
  const ObjectInfo put = Put("r", bytes);
  EXPECT_EQ(Read("r", ByteRange::Span(0, 1)), bytes.substr(0, 1));
  EXPECT_EQ(Read("r", ByteRange::Span(10, 100)), bytes.substr(10, 100));
  EXPECT_EQ(Read("r", ByteRange::Span(999, 1)), bytes.substr(999));
  EXPECT_EQ(Read("r", ByteRange::Span(990, 5000)), bytes.substr(990));
  EXPECT_EQ(Read("r", ByteRange::Suffix(1)), bytes.substr(999));
  EXPECT_EQ(Read("r", ByteRange::Suffix(300)), bytes.substr(700));
  EXPECT_EQ(Read("r", ByteRange::Suffix(1000)), bytes);
  EXPECT_EQ(Read("r", ByteRange::Suffix(5000)), bytes);

  const auto got = store_->Get({"r", ByteRange::Suffix(10), {}, {}}, kIgnore);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->size_bytes, 1000u);
  EXPECT_EQ(got->etag, put.etag);
}

TEST_P(StoreConformance, RefusesRangesWithoutBytes) {
  Put("r", Pattern(1000));
  EXPECT_EQ(KindOf(store_->Get({"r", ByteRange::Span(1000, 1), {}, {}}, kIgnore)), "invalid");
  EXPECT_EQ(KindOf(store_->Get({"r", ByteRange::Span(5000, 10), {}, {}}, kIgnore)), "invalid");
  EXPECT_EQ(KindOf(store_->Get({"r", ByteRange::Span(5, 0), {}, {}}, kIgnore)), "invalid");
  EXPECT_EQ(KindOf(store_->Get({"r", ByteRange::Suffix(0), {}, {}}, kIgnore)), "invalid");
}

TEST_P(StoreConformance, ReadsOnConditions) {
  const ObjectInfo put = Put("c", "first");
  EXPECT_EQ(KindOf(store_->Get({"c", {}, put.etag, {}}, kIgnore)), "ok");
  EXPECT_EQ(KindOf(store_->Get({"c", ByteRange::Span(1, 2), put.etag, {}}, kIgnore)), "ok");
  EXPECT_EQ(KindOf(store_->Get({"c", {}, "other", {}}, kIgnore)), "conflict");
  EXPECT_EQ(KindOf(store_->Get({"c", ByteRange::Suffix(2), "other", {}}, kIgnore)), "conflict");
  EXPECT_EQ(KindOf(store_->Get({"c", {}, {}, put.etag}, kIgnore)), "conflict");
  EXPECT_EQ(KindOf(store_->Get({"c", {}, {}, "other"}, kIgnore)), "ok");

  const ObjectInfo replaced = Put("c", "SECOND");
  EXPECT_NE(replaced.etag, put.etag);
  EXPECT_EQ(KindOf(store_->Get({"c", {}, put.etag, {}}, kIgnore)), "conflict");
}

TEST_P(StoreConformance, SaysWhatDoesNotExist) {
  EXPECT_EQ(KindOf(store_->Head("none")), "not found");
  EXPECT_EQ(KindOf(store_->Get({"none/x.parquet", ByteRange::Suffix(8), {}, {}}, kIgnore)), "not found");
  EXPECT_EQ(KindOf(store_->Copy("none", "b")), "not found");
  EXPECT_TRUE(store_->Delete("none/at/all").ok());
  const auto head = store_->Head("none");
  EXPECT_NE(head.error().message.find("none"), std::string::npos) << head.error().message;
}

TEST_P(StoreConformance, RefusesWhatIsNoKey) {
  for (const std::string& key : {""s, "/a"s, ".."s, "a/../b"s, "./a"s, "a/."s, "a\0b"s}) {
    EXPECT_EQ(KindOf(store_->Head(key)), "invalid") << key;
    EXPECT_EQ(KindOf(store_->Get({key, {}, {}, {}}, kIgnore)), "invalid") << key;
    EXPECT_EQ(KindOf(store_->Put(key, "x"s)), "invalid") << key;
    EXPECT_EQ(KindOf(store_->StartUpload(key)), "invalid") << key;
    EXPECT_EQ(KindOf(store_->Delete(key)), "invalid") << key;
    EXPECT_EQ(KindOf(store_->Copy("a", key)), "invalid") << key;
    EXPECT_EQ(KindOf(store_->Copy(key, "a")), "invalid") << key;
  }
}

TEST_P(StoreConformance, KeepsUnusualKeys) {
  const Keys keys = {"a b+c&d=e.csv",
                     "%2e%2e",
                     "year=2001/part 0.parquet",
                     "\xC3\xA9t\xC3\xA9/\xE9\xB3\xA5.txt",
                     "q?x#y",
                     "quote'\"",
                     "<&>",
                     "plus+plus",
                     "tilde~",
                     "comma,semi;colon:at@",
                     "par(en)*!$"};
  for (const std::string& key : keys) Put(key, key);
  for (const std::string& key : keys) EXPECT_EQ(Read(key), key);
  const auto listed = store_->List({});
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  const Keys found = KeysOf(*listed);
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), std::set<std::string>(keys.begin(), keys.end()));
  for (const std::string& key : keys) {
    const auto copied = store_->Copy(key, "copies/" + key);
    EXPECT_TRUE(copied.ok()) << key << copied.error().message;
    EXPECT_EQ(Read("copies/" + key), key);
    EXPECT_TRUE(store_->Delete(key).ok());
  }
  EXPECT_EQ(store_->List({})->objects.size(), keys.size());
}

TEST_P(StoreConformance, ListsInByteOrder) {
  const Keys keys = {"B", "a", "a-b", "a.txt", "a0", "d/a/x", "d/a.b", "d/b", "e", "\xC3\xA9"};
  const Keys sorted = {"B", "a", "a-b", "a.txt", "a0", "d/a.b", "d/a/x", "d/b", "e", "\xC3\xA9"};
  for (const std::string& key : keys) Put(key, "x" + key);
  const auto page = store_->List({});
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(KeysOf(*page), sorted);
  EXPECT_TRUE(page->prefixes.empty());
  EXPECT_TRUE(page->next.empty());
  EXPECT_EQ(page->objects[0].size_bytes, 2u);
  EXPECT_EQ(page->objects[0].etag, store_->Head("B")->etag);
}

TEST_P(StoreConformance, ListsBelowAPrefix) {
  for (const char* key : {"flights/y=1/a", "flights/y=2/b", "flights.csv", "flight", "zoo/a"}) Put(key, "x");
  EXPECT_EQ(KeysOf(*store_->List({"flights", true, {}, 1000})),
            (Keys{"flights.csv", "flights/y=1/a", "flights/y=2/b"}));
  EXPECT_EQ(KeysOf(*store_->List({"flights/", true, {}, 1000})), (Keys{"flights/y=1/a", "flights/y=2/b"}));
  EXPECT_EQ(KeysOf(*store_->List({"flights/y=2", true, {}, 1000})), (Keys{"flights/y=2/b"}));
  EXPECT_TRUE(store_->List({"none/", true, {}, 1000})->objects.empty());
}

TEST_P(StoreConformance, RollsUpFolders) {
  for (const char* key : {"A", "a-b/x", "a/x", "a/y/z", "b/x", "c"}) Put(key, "x");
  const auto top = store_->List({"", false, {}, 1000});
  ASSERT_TRUE(top.ok()) << top.error().message;
  EXPECT_EQ(KeysOf(*top), (Keys{"A", "c"}));
  EXPECT_EQ(top->prefixes, (Keys{"a-b/", "a/", "b/"}));
  const auto below = store_->List({"a/", false, {}, 1000});
  EXPECT_EQ(KeysOf(*below), (Keys{"a/x"}));
  EXPECT_EQ(below->prefixes, (Keys{"a/y/"}));
}

TEST_P(StoreConformance, PagesJoinToTheWhole) {
  Keys keys;
  for (int folder = 0; folder < 4; ++folder) {
    for (int file = 0; file < 6; ++file) keys.push_back("p" + std::to_string(folder) + "/f" + std::to_string(file));
  }
  for (const std::string& key : keys) Put(key, "x");
  for (const int max_keys : {1, 5, 6, 23, 24}) {
    Keys joined;
    ListRequest request;
    request.max_keys = max_keys;
    int pages = 0;
    do {
      const auto page = store_->List(request);
      ASSERT_TRUE(page.ok()) << page.error().message;
      EXPECT_LE(page->objects.size(), static_cast<std::size_t>(max_keys));
      for (const ObjectInfo& object : page->objects) joined.push_back(object.key);
      request.continuation = page->next;
    } while (!request.continuation.empty() && ++pages < 40);
    EXPECT_EQ(joined, keys) << max_keys;
  }
  ListRequest rolled;
  rolled.recursive = false;
  rolled.max_keys = 3;
  const auto first = store_->List(rolled);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->prefixes, (Keys{"p0/", "p1/", "p2/"}));
  rolled.continuation = first->next;
  ASSERT_FALSE(rolled.continuation.empty());
  EXPECT_EQ(store_->List(rolled)->prefixes, (Keys{"p3/"}));
}

TEST_P(StoreConformance, RefusesPagesOfImpossibleSize) {
  EXPECT_EQ(KindOf(store_->List({"", true, {}, 0})), "invalid");
  EXPECT_EQ(KindOf(store_->List({"", true, {}, 1001})), "invalid");
}

TEST_P(StoreConformance, CopiesAndDeletes) {
  Put("from", "bytes");
  const auto copied = store_->Copy("from", "deep/to");
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_EQ(copied->key, "deep/to");
  EXPECT_EQ(copied->size_bytes, 5u);
  EXPECT_EQ(copied->etag, store_->Head("deep/to")->etag);
  EXPECT_EQ(Read("deep/to"), "bytes");
  EXPECT_TRUE(store_->Delete("from").ok());
  EXPECT_EQ(KindOf(store_->Head("from")), "not found");
  EXPECT_EQ(Read("deep/to"), "bytes");
}

TEST_P(StoreConformance, WritesOnConditions) {
  PutCondition absent;
  absent.if_absent = true;
  if (!GetParam().conditional_writes) {
    Put("w", "first");
    EXPECT_NE(KindOf(store_->Put("w", "second"s, absent)), "ok");
    EXPECT_EQ(Read("w"), "first");
    return;
  }
  const auto first = store_->Put("w", "first"s, absent);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(KindOf(store_->Put("w", "second"s, absent)), "conflict");
  EXPECT_EQ(Read("w"), "first");

  PutCondition same;
  same.if_match = first->etag;
  EXPECT_EQ(KindOf(store_->Put("w", "second"s, same)), "ok");
  EXPECT_EQ(KindOf(store_->Put("w", "third"s, same)), "conflict");
  EXPECT_EQ(Read("w"), "second");
}

TEST_P(StoreConformance, OfManyCreatorsOneWins) {
  if (!GetParam().conditional_writes) GTEST_SKIP() << "the server has no conditional writes";
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      PutCondition absent;
      absent.if_absent = true;
      const auto put = store_->Put("once", std::to_string(i), absent);
      if (put.ok()) ++won;
      if (KindOf(put) == "conflict") ++lost;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
}

TEST_P(StoreConformance, UploadsSmallAndEmpty) {
  for (const std::string& bytes : {std::string(), Pattern(10'000)}) {
    auto upload = store_->StartUpload("up/small");
    ASSERT_TRUE(upload.ok()) << upload.error().message;
    for (std::size_t at = 0; at < bytes.size(); at += 999) {
      ASSERT_TRUE((*upload)->Write(std::span(bytes).subspan(at, std::min<std::size_t>(999, bytes.size() - at))).ok());
    }
    const auto done = (*upload)->Commit();
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(done->size_bytes, bytes.size());
    EXPECT_EQ(done->etag, store_->Head("up/small")->etag);
    EXPECT_EQ(Read("up/small"), bytes);
  }
}

TEST_P(StoreConformance, UploadsManyParts) {
  const std::string bytes = Pattern(2 * GetParam().part_bytes + 12'345);
  auto upload = store_->StartUpload("up/large");
  ASSERT_TRUE(upload.ok()) << upload.error().message;
  for (std::size_t at = 0; at < bytes.size(); at += 1'000'003) {
    const auto written =
        (*upload)->Write(std::span(bytes).subspan(at, std::min<std::size_t>(1'000'003, bytes.size() - at)));
    ASSERT_TRUE(written.ok()) << written.error().message;
    if (at == 0) {
      EXPECT_EQ(KindOf(store_->Head("up/large")), "not found");
    }
  }
  const auto done = (*upload)->Commit();
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->size_bytes, bytes.size());
  EXPECT_EQ(done->etag, store_->Head("up/large")->etag);
  EXPECT_TRUE(Read("up/large") == bytes);
  EXPECT_EQ(Read("up/large", ByteRange::Span(GetParam().part_bytes - 5, 10)),
            bytes.substr(GetParam().part_bytes - 5, 10));
}

TEST_P(StoreConformance, AnAbortedUploadLeavesNothing) {
  const std::string bytes = Pattern(GetParam().part_bytes + 1000);
  {
    auto upload = store_->StartUpload("gone/a");
    ASSERT_TRUE(upload.ok()) << upload.error().message;
    ASSERT_TRUE((*upload)->Write(bytes).ok());
    (*upload)->Abort();
    (*upload)->Abort();
    EXPECT_FALSE((*upload)->Write(bytes).ok());
    EXPECT_FALSE((*upload)->Commit().ok());
    auto dropped = store_->StartUpload("gone/b");
    ASSERT_TRUE(dropped.ok());
    ASSERT_TRUE((*dropped)->Write(bytes).ok());
  }
  EXPECT_TRUE(store_->List({})->objects.empty());
  EXPECT_TRUE(store_->List({"", false, {}, 1000})->prefixes.empty());
  EXPECT_EQ(KindOf(store_->Head("gone/a")), "not found");
}

TEST_P(StoreConformance, CommitsOnConditions) {
  if (!GetParam().conditional_writes) GTEST_SKIP() << "the server has no conditional writes";
  for (const std::size_t size : {std::size_t{10}, GetParam().part_bytes + 10}) {
    const std::string key = "commit/" + std::to_string(size);
    PutCondition absent;
    absent.if_absent = true;
    auto upload = store_->StartUpload(key, absent);
    ASSERT_TRUE(upload.ok()) << upload.error().message;
    ASSERT_TRUE((*upload)->Write(Pattern(size)).ok());
    Put(key, "someone else");
    EXPECT_EQ(KindOf((*upload)->Commit()), "conflict") << size;
    EXPECT_EQ(Read(key), "someone else");
  }
}

TEST_P(StoreConformance, TheConsumerMayStop) {
  Put("s", Pattern(3'000'000));
  std::size_t pieces = 0;
  const auto got = store_->Get({"s", {}, {}, {}}, [&](std::span<const char>) { return ++pieces < 2; });
  EXPECT_EQ(KindOf(got), "cancelled");
  EXPECT_EQ(pieces, 2u);
  EXPECT_EQ(Read("s").size(), 3'000'000u);
}

TEST_P(StoreConformance, HonoursTheBoundsOfACall) {
  Put("b", "x");
  std::stop_source stop;
  stop.request_stop();
  const Call stopped{stop.get_token(), SteadyTime::max()};
  const Call late{{}, SystemSteadyClock()() - std::chrono::seconds(1)};
  EXPECT_EQ(KindOf(store_->Get({"b", {}, {}, {}}, kIgnore, stopped)), "cancelled");
  EXPECT_EQ(KindOf(store_->Get({"b", {}, {}, {}}, kIgnore, late)), "timeout");
  EXPECT_EQ(KindOf(store_->List({}, stopped)), "cancelled");
  EXPECT_EQ(KindOf(store_->Head("b", late)), "timeout");
  EXPECT_EQ(KindOf(store_->Put("b", "y"s, {}, stopped)), "cancelled");
  EXPECT_EQ(KindOf(store_->Delete("b", late)), "timeout");
  EXPECT_EQ(Read("b"), "x");
}

TEST_P(StoreConformance, ServesManyThreads) {
  const std::string bytes = Pattern(200'000);
  Put("many", bytes);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 25; ++i) {
        const std::uint64_t offset = (static_cast<std::uint64_t>(t) * 25 + i) * 900;
        std::string piece;
        const auto got = store_->Get({"many", ByteRange::Span(offset, 1000), {}, {}}, [&](std::span<const char> p) {
          piece.append(p.data(), p.size());
          return true;
        });
        if (!got.ok() || piece != bytes.substr(offset, 1000)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace eider
