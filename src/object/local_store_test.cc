#include "object/local_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "object/conformance.h"
#include "object/forwarding_store.h"
#include "object/temporary_folder.h"

namespace eider {
namespace {

using namespace std::string_literals;  // a span made of a literal would hold its NUL as well

namespace fs = std::filesystem;

// Owns its folder, so that each test of the suite begins with an empty one.
class StoreInFolder : private TemporaryFolder, public ForwardingStore {
 public:
  StoreInFolder() : ForwardingStore(*OpenLocalStore(path().string())) {}
};

INSTANTIATE_TEST_SUITE_P(Local, StoreConformance,
                         testing::ValuesIn(ReadBothWays({"local", [] {
                                                           return std::unique_ptr<ObjectStore>(new StoreInFolder());
                                                         }})));

class LocalStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root() / "sub");
    fs::create_directories(outside());
    Write(root() / "a.csv", "inside");
    Write(outside() / "secret", "outside");
    store_ = *OpenLocalStore(root().string());
  }

  fs::path root() const { return folder_.path() / "lake"; }
  fs::path outside() const { return folder_.path() / "lake-outside"; }  // the root's name is a prefix of it

  static void Write(const fs::path& path, const std::string& bytes) { std::ofstream(path) << bytes; }

  ErrorKind KindOf(const std::string& key) {
    const auto got = GetAll(*store_, key, 1000);
    EXPECT_FALSE(got.ok()) << key << " gave " << *got;
    return got.error().kind;
  }

  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    const auto page = store_->List({});
    for (const ObjectInfo& object : page->objects) keys.push_back(object.key);
    return keys;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(LocalStoreTest, LinksThatLeaveTheRootAreNotFollowed) {
  fs::create_symlink(outside() / "secret", root() / "file");
  fs::create_directory_symlink(outside(), root() / "folder");
  fs::create_symlink("../lake-outside/secret", root() / "relative");
  fs::create_symlink("/etc/passwd", root() / "sub" / "passwd");
  for (const char* key : {"file", "folder/secret", "relative", "sub/passwd"}) {
    EXPECT_EQ(KindOf(key), ErrorKind::kDenied);
    EXPECT_FALSE(store_->Head(key).ok());
    EXPECT_EQ(store_->LocalPath(key), std::nullopt);
  }
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a.csv"}));
  EXPECT_EQ(store_->Put("folder/new", "x"s).error().kind, ErrorKind::kDenied);
  EXPECT_FALSE(fs::exists(outside() / "new"));
}

TEST_F(LocalStoreTest, LinksInsideTheRootAreFollowed) {
  fs::create_directories(root() / "v7");
  Write(root() / "v7" / "b.csv", "seven");
  fs::create_directory_symlink(root() / "v7", root() / "current");
  fs::create_symlink("a.csv", root() / "link.csv");
  EXPECT_EQ(*GetAll(*store_, "current/b.csv", 100), "seven");
  EXPECT_EQ(*GetAll(*store_, "link.csv", 100), "inside");
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a.csv", "current/b.csv", "link.csv", "v7/b.csv"}));
}

TEST_F(LocalStoreTest, AWriteReplacesALinkAndNotItsTarget) {
  fs::create_symlink(outside() / "secret", root() / "file");
  ASSERT_TRUE(store_->Put("file", "mine"s).ok());
  EXPECT_EQ(*GetAll(*store_, "file", 100), "mine");
  std::string kept;
  std::ifstream(outside() / "secret") >> kept;
  EXPECT_EQ(kept, "outside");
}

TEST_F(LocalStoreTest, RingsOfLinksEnd) {
  fs::create_directory_symlink("..", root() / "sub" / "up");
  fs::create_symlink("loop", root() / "loop");
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a.csv"}));
  EXPECT_EQ(KindOf("loop"), ErrorKind::kInvalid);
}

TEST_F(LocalStoreTest, OnlyFilesAreObjects) {
  ASSERT_EQ(mkfifo((root() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(KindOf("pipe"), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf("sub"), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf("sub/"), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf("a.csv/b"), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf("sub//a"), ErrorKind::kNotFound);
  EXPECT_EQ(store_->Put("a.csv/b", "x"s).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(store_->Put("sub", "x"s).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(store_->Put("sub//a", "x"s).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a.csv"}));
}

TEST_F(LocalStoreTest, PrefixesThatNoKeyHasListNothing) {
  for (const char* prefix : {"../", "./", "sub/../", "//", "/", ".eider/"}) {
    const auto page = store_->List({prefix, true, {}, 1000});
    ASSERT_TRUE(page.ok()) << prefix << page.error().message;
    EXPECT_TRUE(page->objects.empty()) << prefix;
  }
}

TEST_F(LocalStoreTest, ThePrivateFolderIsNotPartOfTheLake) {
  auto upload = store_->StartUpload("up");
  ASSERT_TRUE(upload.ok());
  ASSERT_TRUE((*upload)->Write(std::string("half")).ok());
  ASSERT_TRUE(fs::exists(root() / ".eider" / "uploads"));
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a.csv"}));
  EXPECT_TRUE(store_->List({"", false, {}, 1000})->prefixes.empty());
  EXPECT_EQ(KindOf(".eider/lock"), ErrorKind::kNotFound);
  EXPECT_EQ(store_->Put(".eider/lock", "x"s).error().kind, ErrorKind::kInvalid);
}

TEST_F(LocalStoreTest, LeftoversOfADeadWriterAreSweptAndLiveUploadsStay) {
  fs::create_directories(root() / ".eider" / "uploads");
  Write(root() / ".eider" / "uploads" / "dead", "half");
  auto alive = store_->StartUpload("one");
  auto second = *OpenLocalStore(root().string());
  auto other = second->StartUpload("two");
  EXPECT_FALSE(fs::exists(root() / ".eider" / "uploads" / "dead"));
  EXPECT_TRUE((*alive)->Commit().ok());
  EXPECT_TRUE((*other)->Commit().ok());
  EXPECT_TRUE(fs::is_empty(root() / ".eider" / "uploads"));
}

// Reads `key` in pieces, doing `change` after the first.
Result<ObjectInfo> GetWhile(ObjectStore& store, const std::string& key, const std::function<void()>& change,
                            std::string& seen) {
  return store.Get({key, {}, {}, {}}, [&, first = true](std::span<const char> piece) mutable {
    if (std::exchange(first, false)) change();
    seen.append(piece.data(), piece.size());
    return true;
  });
}

TEST_F(LocalStoreTest, AFileReplacedInMidReadIsReadAsItWas) {
  const std::string old_bytes(1'000'000, 'o');
  const auto put = store_->Put("big", old_bytes);
  std::string seen;
  const auto got = GetWhile(
      *store_, "big", [&] { (void)store_->Put("big", std::string(1'000'000, 'n')); }, seen);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_TRUE(seen == old_bytes);
  EXPECT_EQ(got->etag, put->etag);
  EXPECT_NE(store_->Head("big")->etag, put->etag);
}

TEST_F(LocalStoreTest, AFileCutInMidReadIsAConflict) {
  ASSERT_TRUE(store_->Put("big", std::string(1'000'000, 'o')).ok());
  std::string seen;
  const auto got = GetWhile(
      *store_, "big", [&] { fs::resize_file(root() / "big", 300'000); }, seen);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().kind, ErrorKind::kConflict);
}

TEST_F(LocalStoreTest, AFileWrittenInPlaceInMidReadIsAConflict) {
  ASSERT_TRUE(store_->Put("big", std::string(1'000'000, 'o')).ok());
  std::string seen;
  const auto got = GetWhile(
      *store_, "big",
      [&] {
        const int fd = open((root() / "big").c_str(), O_WRONLY);
        EXPECT_EQ(pwrite(fd, "n", 1, 900'000), 1);
        const timespec later[2] = {{2'000'000'000, 0}, {2'000'000'000, 0}};
        EXPECT_EQ(futimens(fd, later), 0);
        close(fd);
      },
      seen);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().kind, ErrorKind::kConflict);
}

TEST_F(LocalStoreTest, EqualBytesWrittenAgainHaveAnotherETag) {
  std::string last;
  for (int i = 0; i < 20; ++i) {
    const auto put = store_->Put("same", "bytes"s);
    ASSERT_TRUE(put.ok());
    EXPECT_NE(put->etag, last);
    last = put->etag;
  }
}

TEST_F(LocalStoreTest, OfManyConditionalReplacementsOneWins) {
  const auto first = store_->Put("cas", "0"s);
  int won = 0;
  for (int i = 0; i < 5; ++i) {
    PutCondition same;
    same.if_match = first->etag;
    won += store_->Put("cas", "1"s, same).ok() ? 1 : 0;
  }
  EXPECT_EQ(won, 1);
}

TEST_F(LocalStoreTest, ALongKeyIsInvalid) {
  EXPECT_EQ(store_->Put(std::string(300, 'k'), "x").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(std::string(300, 'k')), ErrorKind::kInvalid);
}

TEST_F(LocalStoreTest, LocalPathNamesTheRealFile) {
  EXPECT_EQ(store_->LocalPath("a.csv"), (fs::canonical(root()) / "a.csv").string());
  EXPECT_EQ(store_->LocalPath("none"), std::nullopt);
  EXPECT_EQ(store_->LocalPath("../lake-outside/secret"), std::nullopt);
}

}  // namespace
}  // namespace eider
