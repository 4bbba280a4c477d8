// ObjectStore: bytes in, bytes out, under keys. The one interface over a local folder, S3, an HTTPS root
// and the in-memory fake. Every implementation passes object/conformance_test.
//
// Keys are relative to the store's root: "flights/year=2001/a.parquet"; never empty, never starting with '/',
// no "." or ".." segment, no NUL. ETags are opaque and compared as strings, without their HTTP quotes.
// All methods block, may be called from any thread, and honour the deadline and stop token of their Call.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace eider {

// Why a request is about to be repeated.
enum class RetryCause : std::uint8_t {
  kOverload,  // the server asks for less: 429, 503, SlowDown
  kOther,
};

// Bounds of one operation, retries included, and who hears of these. A default Call has none.
struct Call {
  std::stop_token stop;                           // requested: the operation ends with kCancelled
  SteadyTime deadline = SteadyTime::max();        // passed: it ends with kTimeout
  std::function<void(RetryCause)> on_retry = {};  // on any thread, before each repetition; must not block
};

struct ObjectInfo {
  std::string key;
  std::uint64_t size_bytes = 0;  // of the whole object, also when a range was read
  std::string etag;              // changes whenever the bytes do
  WallTime last_modified{};
};

struct ListRequest {
  std::string prefix;        // keys that start with it; a plain string prefix, no folder semantics
  bool recursive = true;     // false: keys with a '/' after the prefix are rolled up into ListPage::prefixes
  std::string continuation;  // ListPage::next of the page before; empty for the first
  int max_keys = 1000;       // 1..1000, objects and prefixes together
};

struct ListPage {
  std::vector<ObjectInfo> objects;    // in byte order of their keys
  std::vector<std::string> prefixes;  // in byte order, each ending in '/'
  std::string next;                   // opaque; empty when this was the last page
};

// The bytes wanted of an object.
struct ByteRange {
  enum class Kind : std::uint8_t { kWhole, kSpan, kSuffix };
  Kind kind = Kind::kWhole;
  std::uint64_t offset = 0;  // kSpan
  std::uint64_t length = 0;  // kSpan: at least 1, cut at the object's end; kSuffix: the last `length` bytes or all

  static ByteRange Span(std::uint64_t offset, std::uint64_t length) { return {Kind::kSpan, offset, length}; }
  static ByteRange Suffix(std::uint64_t length) { return {Kind::kSuffix, 0, length}; }
};

struct GetRequest {
  std::string key;
  ByteRange range;
  std::string if_match;       // an ETag: anything else there now is kConflict
  std::string if_none_match;  // an ETag: the same there now is kConflict, no bytes
};

// Receives the bytes in order, each call a piece; false stops the transfer, and Get answers kCancelled.
using ByteConsumer = std::function<bool(std::span<const char>)>;

// A read under way. Destroying it ends the read: once its destructor has returned, neither callback runs any more, so
// what they refer to may go. For that the destructor waits while a callback is running on another thread: never destroy
// it holding a lock that the callbacks take. A callback may destroy the read that it belongs to.
class PendingGet {
 public:
  virtual ~PendingGet() = default;
};

using GetDone = std::function<void(Result<ObjectInfo>)>;

struct PutCondition {
  bool if_absent = false;  // an object already there is kConflict
  std::string if_match;    // an ETag: anything else there now is kConflict
};

// An object being written whose length is not known beforehand. It appears whole at Commit or not at all.
// One thread at a time. Destroyed without Commit it is aborted and leaves nothing behind. Must not outlive its store.
class Upload {
 public:
  virtual ~Upload() = default;
  virtual Status Write(std::span<const char> bytes) = 0;  // constant memory: at most two parts are held
  virtual Result<ObjectInfo> Commit() = 0;
  virtual void Abort() = 0;  // idempotent
};

// An upload that was begun and neither committed nor aborted: under way, or left by a process that died.
struct UnfinishedUpload {
  std::string key;               // empty where the store does not know it: a temporary file of a local folder
  std::string id;                // the store's own
  std::uint64_t size_bytes = 0;  // that have arrived
  WallTime started{};
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // For messages: "s3://bucket/prefix", "/srv/lake". Never holds credentials.
  virtual std::string name() const = 0;

  virtual Result<ListPage> List(const ListRequest& request, const Call& call = {}) = 0;
  virtual Result<ObjectInfo> Head(const std::string& key, const Call& call = {}) = 0;

  // The answer describes the object the bytes came from. A body shorter or longer than the range asks for, a wrong
  // Content-Range or a changed ETag is an error, never a short success. A kSpan that begins at or after the end of
  // the object is kInvalid. An empty object answers kWhole and kSuffix with no bytes.
  virtual Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call = {}) = 0;

  // Get without a waiting thread: the same bytes, retries and errors. `consume` is called in turns with nothing else of
  // this read, `done` once and last; both on a thread of the store's, which they must not block, or on the calling one
  // before this returns. This default is Get itself, on the calling thread: right for stores without a network. The
  // read must be destroyed before the store.
  virtual std::unique_ptr<PendingGet> StartGet(const GetRequest& request, ByteConsumer consume, GetDone done,
                                               const Call& call = {});

  // (A span made of a string literal holds its NUL as well.)
  virtual Result<ObjectInfo> Put(const std::string& key, std::span<const char> bytes,
                                 const PutCondition& condition = {}, const Call& call = {}) = 0;
  virtual Result<std::unique_ptr<Upload>> StartUpload(const std::string& key, const PutCondition& condition = {},
                                                      const Call& call = {}) = 0;
  virtual Result<ObjectInfo> Copy(const std::string& from, const std::string& to, const Call& call = {}) = 0;
  virtual Status Delete(const std::string& key, const Call& call = {}) = 0;  // of nothing is a success

  // Uploads that are not finished, of whatever program; one that a living process of Eider holds in a local folder is
  // left out. These defaults are for stores that keep none.
  virtual Result<std::vector<UnfinishedUpload>> ListUploads(const Call& call = {});
  virtual Status AbortUpload(const UnfinishedUpload& upload, const Call& call = {});  // of nothing is a success

  // An address from which anybody may GET the object for so long, in whole seconds and at most 7 days, without
  // credentials of their own (or until those that it was made with run out). Whether there is such an object is not
  // asked. nullopt: the store has no such addresses.
  virtual Result<std::optional<std::string>> SignedUrl(const std::string& key, std::chrono::seconds valid);

  // Whether a read costs a network round trip.
  virtual bool remote() const = 0;

  // The path of `key` in the local file system, for a store that is a local folder; nullopt otherwise.
  virtual std::optional<std::string> LocalPath(const std::string& key) const = 0;
};

// What Eider is told about reaching a store. Empty fields are taken from the environment and AWS's configuration
// files in AWS's order.
struct StoreOptions {
  std::string region;
  std::string endpoint;            // "http://127.0.0.1:9000"; empty for AWS
  std::optional<bool> path_style;  // default: path style exactly when an endpoint is given
  std::string profile;
  bool anonymous = false;  // no signature
  bool requester_pays = false;
  std::string ca_bundle;  // a PEM file to trust instead of the system's; for private endpoints
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds first_byte_timeout{15000};
  // As many as the range scheduler has requests in flight, and some for readers and hedges beyond its cap, listings and
  // uploads. One that nobody needs is not opened.
  int max_connections = 160;
};

// `root`: a folder, "s3://bucket[/prefix]" or "https://host/path" (http:// for loopback only). A folder that does
// not exist is kNotFound; a bucket is not asked here, its first use says what is wrong with it.
Result<std::unique_ptr<ObjectStore>> OpenStore(const std::string& root, const StoreOptions& options = {});

// kInvalid unless `key` keeps the rules at the top of this file.
Status CheckKey(std::string_view key);

// The whole object in memory; for small ones. kExhausted above `limit_bytes`.
Result<std::string> GetAll(ObjectStore& store, const std::string& key, std::uint64_t limit_bytes,
                           const Call& call = {});

}  // namespace eider
